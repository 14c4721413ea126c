// The end-to-end tests: the built page, served from a sub-folder under its own Content-Security-Policy, in Chromium, and in
// Firefox.
// Usage: node tests/browser/run.mjs [DIST] [PART OF A TEST'S NAME]
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { chromium } from 'playwright-core';
import { serve } from '../../.ci/server.mjs';
import { runFirefox } from './firefox.mjs';
import { tests } from './tests.mjs';

const SUBFOLDER = '/a/sub-folder/';
const SCREENSHOTS = 'target/screenshots';
/** Two fleets on a software GPU of a busy machine; anything else takes seconds. */
const TEST_LIMIT_MS = 600_000;

const COMMON = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
// SwiftShader: Chromium's software adapter, so that WebGPU is there on every machine.
const WEBGPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];
const WITHOUT_WEBGPU = ['--disable-features=WebGPU', '--disable-gpu'];

const [dist = 'dist', only = ''] = process.argv.slice(2);
const server = await serve(resolve(dist), 0, SUBFOLDER);
const origin = `http://127.0.0.1:${server.address().port}`;
const address = origin + SUBFOLDER;
// The same with CORS headers: a frame with an opaque origin may load the program from here.
const open = await serve(resolve(dist), 0, SUBFOLDER, { 'access-control-allow-origin': '*' });
const openOrigin = `http://127.0.0.1:${open.address().port}`;
const openAddress = openOrigin + SUBFOLDER;
await mkdir(SCREENSHOTS, { recursive: true });

const launch = (extra) =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [...COMMON, ...extra],
  });

/** Runs one test in a fresh context, and fails it on console errors and requests to other origins as well. */
async function runOne(browser, test) {
  const context = await browser.newContext({ viewport: { width: 1366, height: 900 }, locale: 'en-GB', ...test.context });
  const page = await context.newPage();
  const faults = [];
  // A test may serve a page of its own.
  const origins = [origin, openOrigin, 'data:', 'blob:'];
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`console: ${message.text()}`);
    else if (process.env.VERBOSE) console.log(`    ${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
  page.on('request', (request) => {
    const url = request.url();
    if (!origins.some((allowed) => url.startsWith(allowed))) faults.push(`off-origin: ${url}`);
  });
  let timer;
  try {
    const limit = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no end after ${TEST_LIMIT_MS / 1000} s`)), TEST_LIMIT_MS);
    });
    const shot = (name, options) => page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, fullPage: true, ...options });
    await Promise.race([test.run({ page, context, address, openAddress, origins, shot, faults }), limit]);
    if (faults.length) throw new Error(faults.join('\n'));
  } catch (error) {
    await page.screenshot({ path: `${SCREENSHOTS}/failed-${test.name.replace(/\W+/g, '-')}.png`, fullPage: true }).catch(() => {});
    if (faults.length && !error.message.includes(faults[0])) error.message += `\n${faults.join('\n')}`;
    throw error;
  } finally {
    clearTimeout(timer);
    await context.close().catch(() => {});
  }
}

const counts = { passed: 0, failed: 0, skipped: 0 };
for (const [label, args] of [['with WebGPU', WEBGPU], ['without WebGPU', WITHOUT_WEBGPU]]) {
  const chosen = tests.filter((test) => (test.webgpu ?? true) === (args === WEBGPU) && test.name.includes(only));
  if (!chosen.length) continue;
  const browser = await launch(args);
  for (const test of chosen) {
    const start = Date.now();
    try {
      await runOne(browser, test);
      counts.passed += 1;
      console.log(`ok     ${test.name} (${label}, ${((Date.now() - start) / 1000).toFixed(1)} s)`);
    } catch (error) {
      counts.failed += 1;
      console.log(`FAILED ${test.name} (${label})\n${error.stack ?? error}`);
    }
  }
  await browser.close();
}
await runFirefox({
  only,
  address,
  openAddress,
  origins: [origin, openOrigin],
  screenshots: SCREENSHOTS,
  report(name, seconds, error) {
    counts[error ? 'failed' : 'passed'] += 1;
    console.log(error ? `FAILED ${name}\n${error.stack ?? error}` : `ok     ${name} (${seconds.toFixed(1)} s)`);
  },
});
server.close();
open.close();
console.log(`end to end: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(counts.failed || counts.passed === 0 ? 1 : 0);
