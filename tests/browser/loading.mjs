// A page that does not arrive whole says so and offers to reload; so does one whose program panics.
import assert from 'node:assert/strict';
import { SHORT, ended, expect } from './helpers.mjs';
import { corruptRequests } from './messages.mjs';

const script = /\/page-[0-9a-f]+\.js$/;
const wasm = /\/page-[0-9a-f]+_bg\.wasm$/;

/** What keeps the program from arriving, each with a part of the reason that the page gives. */
const BROKEN = [
  ['the script is not there', script, (route) => route.fulfill({ status: 404, body: 'not found' }), /dynamically imported module/],
  ['the script is cut', script, async (route) => {
    const body = await (await route.fetch()).text();
    await route.fulfill({ contentType: 'text/javascript', body: body.slice(0, body.length / 2) });
  }, /./],
  ['the script is of another build', script, async (route) => {
    const body = await (await route.fetch()).text();
    // The first function that it offers to the program has another name.
    await route.fulfill({ contentType: 'text/javascript', body: body.replace(/__wbg_\w+(?=: function)/, 'of_another_build') });
  }, /Import|import/],
  ['the program is not there', wasm, (route) => route.fulfill({ status: 404, body: 'not found' }), /404/],
  ['the program is cut', wasm, async (route) => {
    const body = await (await route.fetch()).body();
    await route.fulfill({ contentType: 'application/wasm', body: body.subarray(0, body.length / 2) });
  }, /WebAssembly|expected|section/],
  ['the connection is cut', wasm, (route) => route.abort('connectionreset'), /fetch/],
];

export const loadingTests = [
  ...BROKEN.map(([what, file, break_, reason]) => ({
    name: `where ${what} the page says why it could not be loaded, and reloading mends it`,
    async run({ page, address, faults, shot }) {
      await page.route(file, break_);
      await page.goto(address + SHORT);
      const failure = page.locator('#failure');
      await failure.waitFor();
      assert.match(await failure.locator('.load [lang=en]').innerText(), /^Brink could not be loaded\./);
      assert.match(await failure.locator('.load [lang=id]').innerText(), /^Brink tidak dapat dimuat\./);
      assert.equal(await failure.locator('.crash').isVisible(), false);
      assert.match(await page.locator('#failure-reason').innerText(), reason);
      assert.equal(await page.locator('#waiting').count(), 0);
      if (what === 'the program is cut') await shot('not-loaded');
      faults.length = 0;
      await page.unroute(file);
      await page.locator('#reload').click();
      await ended(page, 0);
      assert.equal(await failure.isVisible(), false);
    },
  })),
  {
    name: 'where the start script does not arrive the page says so after a while, without any script',
    async run({ page, address, faults }) {
      await page.route(/\/start-[0-9a-f]+\.js$/, (route) => route.fulfill({ status: 404, body: 'not found' }));
      await page.goto(address);
      const late = page.locator('#waiting .late');
      assert.equal(await late.isVisible(), false);
      // The 20 seconds of the style sheet, over at once.
      await page.evaluate(() => document.getAnimations().forEach((animation) => animation.finish()));
      assert.equal(await late.isVisible(), true);
      assert.match(await late.innerText(), /start script has not arrived/);
      faults.length = 0;
      await page.unroute(/\/start-[0-9a-f]+\.js$/);
      await late.getByRole('link').click();
      await page.locator('#variants .name').first().waitFor();
    },
  },
  {
    name: 'a panic on the page says where it was, in the console and in a notice that offers to reload',
    async run({ page, address, faults, shot }) {
      await page.goto(address + SHORT);
      await ended(page, 0);
      await page.evaluate(() => {
        Document.prototype.createElement = () => {
          throw new Error('<b>no more elements</b>');
        };
      });
      await page.locator('#share').click();
      const failure = page.locator('#failure');
      await failure.waitFor();
      assert.match(await failure.locator('.crash [lang=en]').innerText(), /^Brink has stopped/);
      assert.match(await failure.locator('.crash [lang=id]').innerText(), /^Brink berhenti/);
      assert.equal(await failure.locator('.load').isVisible(), false);
      const reason = await page.locator('#failure-reason').innerText();
      assert.match(reason, /\.rs:\d+:\d+\)$/);
      assert.equal(await failure.locator('b', { hasText: 'no more' }).count(), 0, 'the reason is text');
      const place = reason.match(/\((\S+\.rs:\d+:\d+)\)$/)[1];
      assert.ok(faults.some((fault) => fault.startsWith('console:') && fault.includes(place)), faults.join('\n'));
      await shot('panic');
      faults.length = 0;
      await page.locator('#reload').click();
      await ended(page, 0);
      assert.equal(await failure.isVisible(), false);
    },
  },
  {
    name: "a worker's panic is reported with its location in the source, and its runs are trained all the same",
    async run({ page, address, faults }) {
      await page.addInitScript(corruptRequests);
      await page.goto(address + SHORT);
      await ended(page, 0);
      await page.evaluate(() => (window.corrupt = true));
      await page.locator('#reset').click();
      await page.locator('#engine', { hasText: /A worker was lost \(.*\(src\/.*\.rs:\d+:\d+\)\)/ }).waitFor();
      await page.evaluate(() => (window.corrupt = false));
      await page.locator('#reset').click();
      await ended(page, 0);
      assert.ok(expect(faults, /panicked at src\/|unreachable/) > 0, 'the console says it, too');
    },
  },
];
