// Exits with 0 where an address serves the whole page: index.html and every file that it names, each with a good type.
// Usage: node .ci/is-served.mjs ADDRESS
const [address] = process.argv.slice(2);

async function get(path) {
  const response = await fetch(new URL(path, address));
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}

try {
  const html = await (await get('')).text();
  const files = [...html.matchAll(/(?:src|href|data-script|data-wasm)="\.\/([^"]+)"/g)].map((match) => match[1]);
  const wasm = files.find((file) => file.endsWith('.wasm'));
  if (!wasm) throw new Error('index.html names no WebAssembly file');
  await WebAssembly.compile(await (await get(wasm)).arrayBuffer());
  for (const file of [...files, 'worker.js']) await get(file);
  console.log(`served: index.html and ${new Set(files).size + 1} files`);
} catch (error) {
  console.error(`not served: ${error.message}`);
  process.exit(1);
}
