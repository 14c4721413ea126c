// Memory over variants made and deleted: what the page and its workers hold after each. A measurement, no test.
// Usage: node benches/memory.mjs [DIST] [cpu|gpu|page] [VARIANTS] [STEPS]   (after `make test` has installed the driver; `page` is the
// CPU without workers)
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { serve } from '../.ci/server.mjs';

const require = createRequire(new URL('../tests/browser/package.json', import.meta.url));
const { chromium } = require('playwright-core');

const [dist = 'dist', backend = 'cpu', count = '20', steps = '200'] = process.argv.slice(2);
const server = await serve(resolve(dist), 0);
const address = `http://127.0.0.1:${server.address().port}/`;
const gpu = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage', ...(backend === 'gpu' ? gpu : [])],
});
const page = await browser.newPage({ viewport: { width: 1366, height: 900 } });

/** In page and worker: keeps the program's memory in reach, and counts the GPU buffers that are not destroyed. */
const watch = () => {
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const original = WebAssembly[name];
    WebAssembly[name] = async (...all) => {
      const result = await original.apply(WebAssembly, all);
      // By its kind: the names of a release build's exports are shortened.
      const exports = Object.values((result.instance ?? result).exports);
      self.programMemory = exports.find((one) => one instanceof WebAssembly.Memory);
      return result;
    };
  }
  self.gpuBytes = 0;
  if (typeof GPUDevice === 'undefined') return;
  const [create, destroy] = [GPUDevice.prototype.createBuffer, GPUBuffer.prototype.destroy];
  const alive = new WeakSet();
  GPUDevice.prototype.createBuffer = function (options) {
    const buffer = create.call(this, options);
    alive.add(buffer);
    self.gpuBytes += options.size;
    return buffer;
  };
  GPUBuffer.prototype.destroy = function () {
    if (alive.delete(this)) self.gpuBytes -= this.size;
    destroy.call(this);
  };
};
await page.addInitScript(watch);
if (backend === 'page') await page.addInitScript(() => delete window.Worker);
await page.route('**/worker.js', async (route) => {
  const response = await route.fetch();
  await route.fulfill({ response, body: `(${watch})();\n${await response.text()}` });
});

const MIB = 1 << 20;
const session = await page.context().newCDPSession(page);
async function measure() {
  await session.send('HeapProfiler.collectGarbage');
  const own = () => [self.programMemory?.buffer.byteLength ?? 0, self.gpuBytes];
  const [wasm, pageGpu] = await page.evaluate(own);
  const heap = (await session.send('Runtime.getHeapUsage')).usedSize;
  const nodes = (await session.send('Memory.getDOMCounters')).nodes;
  const workers = (await Promise.all(page.workers().map((worker) => worker.evaluate(own).catch(() => [0, 0]))));
  const mib = (bytes) => (bytes / MIB).toFixed(1);
  return {
    'page wasm': mib(wasm),
    'page JS heap': mib(heap),
    'DOM nodes': nodes,
    'workers wasm': workers.map(([wasm]) => mib(wasm)).join(' + '),
    'GPU buffers': mib(pageGpu + workers.reduce((sum, [, bytes]) => sum + bytes, 0)),
  };
}

const names = page.locator('#variants .name');
const ended = (index) =>
  page.waitForFunction(
    (index) => /lr\* is|No learning rate/.test(document.querySelectorAll('#happened .verdict')[index]?.textContent ?? ''),
    index,
    { timeout: 600_000 },
  );
await page.goto(`${address}?lang=en#backend=${backend === 'gpu' ? 'gpu' : 'cpu'}&version=1&base=figure-7a&variant=max_train_steps=${steps}`);
await names.nth(1).waitFor();
await ended(1);
// One variant is left: the short one.
await page.getByRole('button', { name: /^Delete/ }).first().click();
const rows = [{ variants: 0, ...(await measure()) }];
for (let i = 1; i <= Number(count); i++) {
  await page.locator('#seed').fill(String(100 + i));
  await page.keyboard.press('Enter');
  await names.nth(1).waitFor();
  // Every other one is deleted while it trains.
  if (i % 2) await ended(1);
  else await page.waitForFunction(() => Number(document.querySelector('#progress').textContent.match(/step (\d+)/)[1]) > 20, null, { timeout: 600_000 });
  await page.getByRole('button', { name: /^Delete/ }).nth(1).click();
  await names.nth(1).waitFor({ state: 'detached' });
  await page.waitForTimeout(300);
  rows.push({ variants: i, ...(await measure()) });
}
console.table(rows);
await browser.close();
server.close();
