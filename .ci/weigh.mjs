// What a first visit weighs as servers send it, with brotli: all files of the built page but those that are loaded once they are
// needed. Fails where that is over the budget.
// Usage: node .ci/weigh.mjs [DIST]
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const BUDGET_BYTES = 670_000;
/** Loaded once they are needed. */
const LATER = /(^|\/)(digits\.bin$|images\/|(chapter|glossary)\.\w+\.md$|math\.LICENSE)/;

const [dist = 'dist'] = process.argv.slice(2);
let total = 0;
for (const path of readdirSync(dist, { recursive: true }).map((name) => join(dist, name))) {
  if (!statSync(path).isFile()) continue;
  const plain = readFileSync(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 };
  const packed = brotliCompressSync(plain, { params }).length;
  const isLater = LATER.test(path);
  if (!isLater) total += packed;
  console.log(`${String(packed).padStart(7)}  ${path}${isLater ? ' (later)' : ''}`);
}
console.log(`${String(total).padStart(7)}  in a first visit, of at most ${BUDGET_BYTES}`);
process.exit(total <= BUDGET_BYTES ? 0 : 1);
