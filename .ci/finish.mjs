// The last step of a release build, called by Trunk (Trunk.toml): takes from the built page what only people read. The
// names by which the WebAssembly file and its JavaScript know each other become as short as can be, on both sides, and
// the JavaScript loses its comments, spaces and long names: 9 kB of what a visitor loads.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MODULE = './page_bg.js';
const { TRUNK_PROFILE, TRUNK_STAGING_DIR } = process.env;
if (TRUNK_PROFILE !== 'release') process.exit(0);
const wasm = join(TRUNK_STAGING_DIR, 'page_bg.wasm');
const script = join(TRUNK_STAGING_DIR, 'page.js');

// Without the features that index.html names wasm-opt refuses the file.
const features = readFileSync('index.html', 'utf8').match(/--enable-[a-z-]+/g);
// It prints each import as [module, old name, new name], each export as [old name, new name]; every module becomes "a".
const renamed = JSON.parse(
  execFileSync('wasm-opt', [...features, '--minify-imports-and-exports-and-modules', wasm, '-o', wasm], { encoding: 'utf8' }),
);
if (renamed.imports.some(([module]) => module !== MODULE)) throw new Error(`not every import is from ${MODULE}`);

// What wasm-bindgen writes: one object with every import as a key, and exports as properties of `wasm`.
const imports = new Map(renamed.imports.map(([, old, name]) => [old, name]));
const exports = new Map(renamed.exports);
const unnamed = new Set(imports.keys());
const short = readFileSync(script, 'utf8')
  .replace(`"${MODULE}"`, '"a"')
  .replace(/(?<=\bwasm\.)[\w$]+/g, (name) => exports.get(name) ?? name)
  .replace(/^( +)([\w$]+)(?=: |\()/gm, (line, indent, name) => (unnamed.delete(name) ? indent + imports.get(name) : line));
if (unnamed.size > 0) throw new Error(`page.js lacks imports: ${[...unnamed].join(', ')}`);
writeFileSync(script, short);
execFileSync('terser', [script, '--module', '--compress', '--mangle', '--output', script]);
