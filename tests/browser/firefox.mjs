// The built page in Firefox: the stock browser, driven over WebDriver BiDi (playwright needs a build of its own).
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { FLEET_MS, SHORT } from './helpers.mjs';

/** `FIREFOX`, or the first Firefox on the path. */
const PLACES = [
  process.env.FIREFOX,
  ...['firefox-esr', 'firefox'].flatMap((name) => process.env.PATH.split(delimiter).map((folder) => join(folder, name))),
];
const BASE = 'Momentum, no norm';

const texts = (page, selector) => page.$$eval(selector, (all) => all.map((one) => one.textContent.trim()));
const waitForText = (page, selector, text, timeout = 30_000) =>
  page.waitForFunction(
    (selector, text) => [...document.querySelectorAll(selector)].some((one) => one.textContent.includes(text)),
    { timeout },
    selector,
    text,
  );

const tests = [
  {
    name: 'in Firefox: the cliff, a control, a rule, a link and its reload',
    async run({ page, address, shot }) {
      await page.goto(address);
      await waitForText(page, '#happened .verdict', 'lr* is 0.008', FLEET_MS);
      await page.$eval('.axis-card details.table', (details) => (details.open = true));
      await page.waitForSelector('#axis-table tr');
      const rows = await page.$$eval('#axis-table tr', (rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
      assert.deepEqual(rows.map(([, rate]) => Number(rate)), [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256]);
      const edge = rows.findIndex(([, , , state]) => /^(diverged|infeasible)/.test(state));
      assert.ok(edge > 3 && edge < 6, `the cliff is at ${rows[edge]}`);
      assert.match(await page.$eval('#backend', (one) => one.textContent), /^CPU · \d+ workers$/);
      await shot('firefox-default');

      await page.goto(address + SHORT);
      await waitForText(page, '#progress', '/ 60');
      await page.click('#warmup');
      await waitForText(page, '#variants .name', '+ warmup 6');
      await waitForText(page, '#happened .verdict', '+ warmup 6: lr* is', FLEET_MS);

      await page.click('#own-rule');
      await page.waitForSelector('#rule-text');
      await page.$eval('#rule-text', (field) => {
        field.value = field.value.replace('Momentum', 'Signed').replace('v + g', 'v + 2 * sign(g)');
        field.dispatchEvent(new Event('input', { bubbles: true }));
        field.focus();
      });
      await page.keyboard.down('Control');
      await page.keyboard.press('Enter');
      await page.keyboard.up('Control');
      await page.waitForFunction(() => document.querySelectorAll('#variants .name').length === 3);
      const three = await texts(page, '#variants .name');
      assert.deepEqual(three.slice(0, 2), [BASE, '+ warmup 6']);
      assert.match(three[2], /Signed/);

      await page.click('#share');
      await page.waitForSelector('#shared');
      assert.match(page.url(), /variant=.*Signed/);
      await page.reload();
      await page.waitForFunction(() => document.querySelectorAll('#variants .name').length === 3);
      assert.deepEqual(await texts(page, '#variants .name'), three);
      // All of it trains again.
      await page.waitForFunction(
        () => [...document.querySelectorAll('#happened .verdict')].filter((one) => /lr\* is|No learning rate/.test(one.textContent)).length === 3,
        { timeout: FLEET_MS },
      );
      await shot('firefox');
    },
  },
  {
    name: 'in Firefox: a sandboxed frame trains in workers from a blob',
    async run({ page, openAddress }) {
      await page.goto('about:blank');
      await page.evaluate((address) => {
        const frame = document.createElement('iframe');
        frame.sandbox = 'allow-scripts';
        frame.src = `${address}#backend=cpu`;
        document.body.append(frame);
      }, openAddress);
      const frame = await page.waitForFrame((frame) => frame.url().startsWith(openAddress));
      await waitForText(frame, '#happened .verdict', 'lr* is 0.008', FLEET_MS);
      assert.match(await frame.$eval('#backend', (one) => one.textContent), /^CPU · \d+ workers$/);
    },
  },
];

/** Runs the tests whose name has a part in it, and calls `report` with each test's name, seconds and error, if any. */
export async function runFirefox({ only, address, openAddress, origins, screenshots, report }) {
  const chosen = tests.filter((test) => test.name.includes(only));
  if (!chosen.length) return;
  const executablePath = PLACES.find((path) => path && existsSync(path));
  if (!executablePath) {
    for (const test of chosen) report(test.name, 0, new Error('there is no Firefox; FIREFOX names one that is elsewhere'));
    return;
  }
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath, headless: true });
  for (const test of chosen) {
    const start = Date.now();
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    const faults = [];
    let error;
    try {
      await page.setViewport({ width: 1366, height: 900 });
      page.on('console', (message) => message.type() === 'error' && faults.push(`console: ${message.text()}`));
      page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
      page.on('request', (request) => {
        const url = request.url();
        if (![...origins, 'data:', 'blob:', 'about:'].some((allowed) => url.startsWith(allowed))) faults.push(`off-origin: ${url}`);
      });
      const shot = (name) => page.screenshot({ path: `${screenshots}/${name}.png`, fullPage: true });
      await test.run({ page, address, openAddress, shot });
      if (faults.length) throw new Error(faults.join('\n'));
    } catch (caught) {
      await page.screenshot({ path: `${screenshots}/failed-${test.name.replace(/\W+/g, '-')}.png`, fullPage: true }).catch(() => {});
      error = caught;
    }
    report(test.name, (Date.now() - start) / 1000, error);
    await context.close().catch(() => {});
  }
  await browser.close();
}
