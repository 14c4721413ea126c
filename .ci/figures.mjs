// The figures of the playbook over seeds, by `brink figure`.
// Usage: node .ci/figures.mjs check                  two seeds of each on the CPU, one of 7a and 8 on the GPU: what `make test` runs
//        node .ci/figures.mjs write cpu [ID...]     seeds 0 to 39, into docs/figures.md, with a picture of each
//        node .ci/figures.mjs write gpu [ID...]     seeds 0 to 2 on the GPU, into the same table; `make figures` does both
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

export const BRINK = 'target/release/brink';
const SEEDS = 40;
const GPU_SEEDS = 3;
const MARK = ['<!-- table -->', '<!-- end of table -->'];

/** The ids of all figures, which the program lists. */
export const figureIds = () => execFileSync(BRINK, ['figure'], { encoding: 'utf8' }).trim().split('\n').map((line) => line.split(' ')[0]);

/** Runs `brink figure`; gives its output and whether the claim holds. */
function figure(id, ...options) {
  const command = ['figure', id, ...options];
  console.log(`brink ${command.join(' ')}`);
  const { status, stdout, stderr } = spawnSync(BRINK, command, { encoding: 'utf8', maxBuffer: 1 << 28 });
  process.stdout.write(stdout ?? '');
  process.stderr.write(stderr ?? '');
  return { output: stdout ?? '', holds: status === 0 };
}

function check() {
  const runs = figureIds().map((id) => [id, '--seeds', '2']);
  runs.push(...['7a', '8'].map((id) => [id, '--seeds', '1', '--backend', 'gpu']));
  const failed = runs.filter((run) => !figure(...run).holds);
  for (const run of failed) console.log(`FAILED figure ${run.join(' ')}`);
  console.log(`figures: ${runs.length - failed.length} passed, ${failed.length} failed, 0 skipped`);
  return failed.length === 0;
}

const held = (output) => output.match(/held on (\d+) of (\d+) seeds/)?.slice(1, 3).join(' of ') ?? 'failed';

const HEAD = ['| figure | holds on the CPU, seeds 0 to 39 | over all seeds | on the GPU backend, seeds 0 to 2 |', '| --- | --- | --- | --- |'];

/** Trains these figures, all if none is named, and fills their cells of the table as each is done. */
function write(backend, ...ids) {
  if (!['cpu', 'gpu'].includes(backend)) return complain('which backend? cpu or gpu');
  const figures = figureIds();
  const unknown = ids.find((id) => !figures.includes(id));
  if (unknown) return complain(`there is no figure ${unknown}; there are ${figures.join(', ')}`);
  mkdirSync('target/figures', { recursive: true });
  for (const id of ids.length > 0 ? ids : figures) {
    if (backend === 'gpu') {
      const { output } = figure(id, '--seeds', `${GPU_SEEDS}`, '--backend', 'gpu');
      fill(id, { 3: held(output) });
    } else {
      const { output } = figure(id, '--seeds', `${SEEDS}`, '--svg', `docs/images/figure-${id}.svg`, '--json', `target/figures/${id}.json`);
      fill(id, { 1: held(output), 2: output.match(/the medians are (not )?in order/)?.[0] ?? '' });
    }
  }
  return true;
}

/** Puts these cells, by column, into a figure's row of the table. */
function fill(id, cells) {
  const page = readFileSync('docs/figures.md', 'utf8');
  const [before, rest] = page.split(MARK[0]);
  const [table, after] = rest.split(MARK[1]);
  const title = (other) => `[${other}](images/figure-${other}.svg)`;
  const rows = figureIds().map((other) => {
    const row = table.split('\n').find((line) => line.startsWith(`| ${title(other)} |`));
    const old = row ? row.split('|').slice(1, -1).map((cell) => cell.trim()) : [title(other), '', '', ''];
    return old.map((cell, column) => (other === id && column in cells ? cells[column] : cell));
  });
  const lines = rows.filter((row) => row.slice(1).some((cell) => cell !== '')).map((row) => `| ${row.join(' | ')} |`);
  writeFileSync('docs/figures.md', `${before}${MARK[0]}\n${[...HEAD, ...lines].join('\n')}\n${MARK[1]}${after}`);
}

function complain(message) {
  console.error(`error: ${message}`);
  process.exit(2);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [name, ...rest] = process.argv.slice(2);
  const mode = { check, write }[name];
  if (!mode) complain('what is to be done? check or write');
  process.exit(mode(...rest) ? 0 : 1);
}
