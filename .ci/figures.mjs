// The figures of the playbook over seeds, by `brink figure`.
// Usage: node .ci/figures.mjs check          two seeds of each on the CPU, one of 7a and 8 on the GPU: what `make test` runs
//        node .ci/figures.mjs write          seeds 0 to 39 on the CPU and 0 to 2 on the GPU, into docs/figures.md: `make figures`
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const BRINK = 'target/release/brink';
const FIGURES = ['4', '4-norm', '5', '6', '7a', '7b', '8', '9'];
const SEEDS = 40;
const GPU_SEEDS = 3;
const MARK = ['<!-- table -->', '<!-- end of table -->'];

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
  const runs = FIGURES.map((id) => [id, '--seeds', '2']);
  runs.push(...['7a', '8'].map((id) => [id, '--seeds', '1', '--backend', 'gpu']));
  const failed = runs.filter((run) => !figure(...run).holds);
  for (const run of failed) console.log(`FAILED figure ${run.join(' ')}`);
  console.log(`figures: ${runs.length - failed.length} passed, ${failed.length} failed, 0 skipped`);
  return failed.length === 0;
}

const held = (output) => output.match(/held on (\d+) of (\d+) seeds/)?.slice(1, 3).join(' of ') ?? 'failed';

function write() {
  mkdirSync('target/figures', { recursive: true });
  const rows = FIGURES.map((id) => {
    const cpu = figure(id, '--seeds', `${SEEDS}`, '--svg', `docs/images/figure-${id}.svg`, '--json', `target/figures/${id}.json`);
    const gpu = figure(id, '--seeds', `${GPU_SEEDS}`, '--backend', 'gpu');
    const order = cpu.output.match(/the medians are (not )?in order/)?.[0] ?? '';
    return `| [${id}](images/figure-${id}.svg) | ${held(cpu.output)} | ${order} | ${held(gpu.output)} |`;
  });
  const table = ['| figure | holds on the CPU, seeds 0 to 39 | over all seeds | on the GPU backend, seeds 0 to 2 |', '| --- | --- | --- | --- |', ...rows];
  const page = readFileSync('docs/figures.md', 'utf8');
  const [before, rest] = page.split(MARK[0]);
  writeFileSync('docs/figures.md', `${before}${MARK[0]}\n${table.join('\n')}\n${MARK[1]}${rest.split(MARK[1])[1]}`);
  return true;
}

const mode = { check, write }[process.argv[2]];
if (!mode) {
  console.error('error: what is to be done? check or write');
  process.exit(2);
}
process.exit(mode() ? 0 : 1);
