// Measures the peers and Brink in one Chromium, one after another, and prints a table with ratios.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const here = path.dirname(fileURLToPath(import.meta.url));
const SECONDS = 5;
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm', '.css': 'text/css', '.svg': 'image/svg+xml' };
const roots = {
  '/brink/': path.join(here, '../../dist'),
  '/wasm/': path.join(here, 'node_modules/@tensorflow/tfjs-backend-wasm/dist'),
  '/': path.join(here, 'dist'),
};
const server = http
  .createServer((request, response) => {
    const url = request.url.split('?')[0];
    if (url === '/') return response.setHeader('content-type', 'text/html').end('<!doctype html><script type=module src=/peers.js></script>');
    const prefix = Object.keys(roots).find((prefix) => url.startsWith(prefix));
    const file = path.join(roots[prefix], url.slice(prefix.length) || 'index.html');
    if (!file.startsWith(roots[prefix]) || !fs.existsSync(file)) return response.writeHead(404).end();
    response.setHeader('content-type', TYPES[path.extname(file)] ?? 'application/octet-stream').end(fs.readFileSync(file));
  })
  .listen(0, '127.0.0.1');
await new Promise((done) => server.once('listening', done));
const origin = `http://127.0.0.1:${server.address().port}`;

const gpuArguments =
  process.env.ADAPTER === 'native'
    ? ['--enable-unsafe-webgpu', '--enable-features=Vulkan']
    : ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', ...gpuArguments],
});

const [wanted, only] = process.argv.slice(2);
const peers = [
  ['cpu', 'W1', 'tfjs', 'wasm', 1],
  ['cpu', 'W1', 'jax-js', 'wasm', 1],
  ['cpu', 'W2', 'jax-js', 'wasm', 32],
  ['cpu', 'W3', 'jax-js', 'wasm', 15],
  ['cpu', 'W4', 'jax-js', 'wasm', 7],
  ['gpu', 'W1', 'tfjs', 'webgpu', 1],
  ['gpu', 'W1', 'jax-js', 'webgpu', 1],
  ['gpu', 'W2', 'jax-js', 'webgpu', 32],
  ['gpu', 'W3', 'jax-js', 'webgpu', 15],
  ['gpu', 'W4', 'jax-js', 'webgpu', 7],
].filter(([kind, work]) => (!wanted || kind === wanted) && (!only || work === only));
const rows = [];
for (const [kind, work, peer, backend, runs] of peers) {
  const page = await browser.newPage();
  await page.goto(origin);
  await page.waitForFunction('window.measure');
  const result = await page.evaluate(([...all]) => window.measure(...all), [peer, work, backend, runs, SECONDS]).catch((error) => ({ error: error.message.split('\n')[0] }));
  rows.push({ kind, work, name: `${peer} ${backend}`, ...result });
  console.log(JSON.stringify(rows.at(-1)));
  await page.close();
}
const page = await browser.newPage();
await page.goto(`${origin}/brink/index.html#bench`);
const results = await page.waitForSelector('#bench-results', { state: 'attached', timeout: 120_000 });
for (const timing of JSON.parse(await results.textContent())) {
  if ((wanted && timing.backend !== wanted) || (only && timing.work !== only)) continue;
  console.log(JSON.stringify({ name: 'brink', ...timing }));
  for (const row of rows.filter((row) => row.kind === timing.backend && row.work === timing.work && row.run_steps_per_second)) {
    const ratio = timing.run_steps_per_second / row.run_steps_per_second;
    console.log(`  ${timing.work} ${timing.backend}: Brink ${timing.run_steps_per_second.toFixed(0)} run-steps/s, ${ratio.toFixed(1)}x ${row.name} (${row.run_steps_per_second.toFixed(0)})`);
  }
}
await browser.close();
server.close();
