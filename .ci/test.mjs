// `make test`: runs every suite, shows what it prints, and closes with one line `N passed, N failed, N skipped`.
// A suite that fails to start, or that runs no test, counts as one failure: silence is not success.
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';

const WASM = 'wasm32-unknown-unknown';
const MINUTE = 60_000;
const WASM_TESTS = ['-p', 'brink-tests', '--test', 'wasm', '--test', 'portable'];

/** Counts of the lines that cargo's and wasm-bindgen's test runners close each test binary with. */
function cargoCounts(output) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const [, passed, failed, ignored] of output.matchAll(
    /^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored/gm,
  )) {
    counts.passed += Number(passed);
    counts.failed += Number(failed);
    counts.skipped += Number(ignored);
  }
  return counts;
}

/** Counts of the last line of a suite of our own. */
function closingCounts(output) {
  const line = output.match(/^(?:end to end|figures): (\d+) passed, (\d+) failed, (\d+) skipped$/m);
  const [passed, failed, skipped] = line ? line.slice(1).map(Number) : [0, 0, 0];
  return { passed, failed, skipped };
}

/** A suite that is one check: it passes or it fails. */
const check = (_output, ok) => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 });

// Clippy and the tests share the dev profile, so each dependency is checked and built once per target. What is released is
// built besides: the program, and the page.
const suites = [
  { name: 'format', command: ['cargo', 'fmt', '--all', '--check'], count: check, limit: 2 * MINUTE },
  {
    name: 'clippy, native',
    command: ['cargo', 'clippy', '--locked', '--all-targets', '--', '-D', 'warnings'],
    count: check,
    limit: 15 * MINUTE,
  },
  {
    name: 'clippy, wasm: the page',
    command: ['cargo', 'clippy', '--locked', '--target', WASM, '-p', 'brink-page', '--', '-D', 'warnings'],
    count: check,
    limit: 15 * MINUTE,
  },
  {
    name: 'clippy, wasm: the tests',
    command: ['cargo', 'clippy', '--locked', '--target', WASM, ...WASM_TESTS, '--', '-D', 'warnings'],
    count: check,
    limit: 15 * MINUTE,
  },
  {
    name: 'native tests, with GPU parity',
    command: ['cargo', 'test', '--locked', '--no-fail-fast'],
    // The same code gets the same answer here; `cargo test` alone tries new random cases each time.
    env: { PROPTEST_RNG_SEED: process.env.PROPTEST_RNG_SEED ?? '4' },
    count: cargoCounts,
    limit: 25 * MINUTE,
  },
  {
    name: 'wasm tests, in Chromium',
    command: ['cargo', 'test', '--locked', '--target', WASM, ...WASM_TESTS],
    env: { CHROMEDRIVER: process.env.CHROMEDRIVER ?? 'chromedriver', WASM_BINDGEN_TEST_TIMEOUT: '300' },
    count: cargoCounts,
    limit: 15 * MINUTE,
  },
  {
    name: 'oracle: a fixed sample of runs, again in JAX',
    command: ['target/oracle/bin/python', 'tests/oracle/oracle.py', '--sample', 'target/debug/brink'],
    count: check,
    limit: 10 * MINUTE,
  },
  {
    name: 'release build of the program',
    command: ['cargo', 'build', '--locked', '--release', '-p', 'brink-cli'],
    count: check,
    limit: 15 * MINUTE,
  },
  { name: 'figures of the playbook, two seeds', command: ['node', '.ci/figures.mjs', 'check'], count: closingCounts, limit: 20 * MINUTE },
  { name: 'release build of the page', command: ['make', '--no-print-directory', 'dist'], count: check, limit: 15 * MINUTE },
  { name: 'weight of the page', command: ['node', '.ci/weigh.mjs', 'dist'], count: check, limit: MINUTE },
  { name: 'end to end, in Chromium and Firefox', command: ['node', 'tests/browser/run.mjs', 'dist'], count: closingCounts, limit: 30 * MINUTE },
];

// Where it is not set, the software Vulkan prints a line that begins with `error:` each time it is opened.
const XDG_RUNTIME_DIR = process.env.XDG_RUNTIME_DIR ?? tmpdir();

/** Runs one suite and gives its output and whether it exited with 0 in time. */
function run({ command, env, limit }) {
  return new Promise((resolve) => {
    const [program, ...args] = command;
    const child = spawn(program, args, { env: { ...process.env, XDG_RUNTIME_DIR, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const timer = setTimeout(() => {
      console.error(`error: no end after ${limit / MINUTE} minutes`);
      child.kill('SIGKILL');
    }, limit);
    for (const [from, to] of [[child.stdout, process.stdout], [child.stderr, process.stderr]]) {
      from.on('data', (data) => {
        output += data;
        to.write(data);
      });
    }
    const finish = (ok) => {
      clearTimeout(timer);
      resolve({ output, ok });
    };
    child.on('error', (error) => {
      console.error(`error: ${program}: ${error.message}`);
      finish(false);
    });
    child.on('close', (code) => finish(code === 0));
  });
}

const total = { passed: 0, failed: 0, skipped: 0 };
const table = [];
for (const suite of suites) {
  console.log(`\n== ${suite.name}: ${suite.command.join(' ')}`);
  const start = Date.now();
  const { output, ok } = await run(suite);
  const counts = suite.count(output, ok);
  // A crash, a compile error, or a filter that matched nothing must not read as success.
  const silent = counts.passed + counts.failed === 0;
  if ((silent || !ok) && counts.failed === 0) counts.failed = 1;
  for (const key of Object.keys(total)) total[key] += counts[key];
  table.push({ suite: suite.name, ...counts, seconds: Math.round((Date.now() - start) / 1000) });
}
console.log('');
for (const { suite, passed, failed, skipped, seconds } of table) {
  console.log(`${failed ? 'FAILED' : 'ok    '} ${suite}: ${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds} s`);
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 ? 0 : 1);
