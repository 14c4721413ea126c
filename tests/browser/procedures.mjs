// The procedures of the playbook as screens: from the menu, the guide and the chapter to a report, and from there to the board.
import assert from 'node:assert/strict';
import { FLEET_MS, SHORT, ended, names } from './helpers.mjs';

const IDS = ['diagnose', 'batch-size', 'compare', 'initialisation', 'clip', 'warmup', 'early-check', 'sweep'];

/** Starts the procedure that is open, and waits for its report. */
async function report(page) {
  await page.locator('#start-procedure:not([disabled])').click();
  await page.locator('#report, #procedure-stopped').waitFor({ timeout: FLEET_MS });
  return page.locator('#conclusion, #procedure-stopped').innerText();
}

/** The rows of the report's table of experiments. */
const rows = (page) =>
  page.locator('#arms tbody tr').evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.innerText.trim())));

export const procedureTests = [
  {
    name: 'a diagnosis tries the fixes in order, and its experiments come to the board as they were trained',
    async run({ page, address, shot }) {
      await page.goto(address + SHORT);
      await ended(page, 0);
      await page.locator('#diagnose').click();
      assert.equal(await page.evaluate(() => document.activeElement.id), 'procedure-title');
      assert.match(await page.locator('#procedure-on').innerText(), /Momentum, no norm/);
      const conclusion = await report(page);
      assert.match(conclusion, /^lr\* is 0\.0\d+; 0\.\d+ is the first learning rate above it that is unstable\. .*Lowest final validation loss, each at its own lr\*: /);
      const found = await rows(page);
      assert.deepEqual(found.slice(0, 2).map((row) => row[0]), ['Momentum, no norm', '+ warmup 6']);
      assert.match(found[2][0], /^\+ clip /);
      // The arm that is named is the one with the lowest loss.
      const best = found.filter((row) => row[2] !== '–').sort((a, b) => Number(a[2]) - Number(b[2]))[0];
      assert.ok(conclusion.includes(best[0]), `${conclusion} ${best}`);
      await shot('procedure-diagnose');
      assert.equal(await page.evaluate(() => document.activeElement.id), 'found-title', 'Enter does not throw it away');
      // In the other language, too.
      await page.locator('#language').selectOption('id');
      await page.locator('#found-title', { hasText: 'Yang ditemukan' }).waitFor();
      await page.locator('#language').selectOption('en');
      await page.locator('#arms tbody tr').nth(1).getByRole('button').click();
      await page.locator('.lab canvas.loss').waitFor();
      assert.deepEqual(await names(page), ['Momentum, no norm', '+ warmup 6']);
      // It has not trained again: it was there at once, with the numbers of the report.
      assert.equal(await page.locator('#progress').innerText(), 'step 66 / 66');
      const star = (await ended(page, 1)).find((row) => row.state === 'lr*');
      assert.ok(Math.abs(star.loss / Number(found[1][2]) - 1) < 0.005, `${star.loss} ${found[1][2]}`);
      assert.match(page.url(), /warmup_steps=6/);
      // What was found is there when one comes back for the rest.
      await page.locator('#procedures').click();
      await page.locator('#procedures-menu [data-procedure=diagnose]').click();
      assert.equal(await page.locator('#conclusion').innerText(), conclusion);
      assert.match(await page.locator('#procedure-on').innerText(), /Momentum, no norm/);
      assert.match(await page.locator('#start-procedure').innerText(), /Start on \+ warmup 6/);
      await page.locator('#arms tbody tr').nth(2).getByRole('button').click();
      await page.waitForFunction(() => document.querySelectorAll('#variants li').length === 3);
    },
  },
  {
    name: 'a procedure is paused and cancelled, and leaving it ends it',
    async run({ page, address }) {
      await page.goto(`${address}${SHORT.replace('60', '20000')}`);
      await page.locator('#procedures').click();
      assert.deepEqual(await page.locator('#procedures-menu [data-procedure]').evaluateAll((all) => all.map((one) => one.dataset.procedure)), IDS);
      await page.locator('#procedures-menu [data-procedure=sweep]').click();
      await page.locator('#start-procedure:not([disabled])').click();
      await page.locator('#progress', { hasText: /step [1-9]/ }).waitFor();
      await page.locator('#pause').click();
      const progress = () => page.locator('#progress').innerText();
      let before;
      while (before !== (before = await progress())) await page.waitForTimeout(500);
      await page.waitForTimeout(500);
      assert.equal(await progress(), before);
      await page.locator('#pause').click();
      await page.waitForFunction((before) => document.querySelector('#progress').innerText !== before, before);
      await page.locator('#cancel-procedure').click();
      await page.locator('#procedure-stopped', { hasText: 'Cancelled' }).waitFor();
      // By keyboard on from there.
      await page.waitForFunction(() => document.activeElement.id === 'start-procedure');
      await page.locator('#start-procedure').click();
      await page.locator('#progress', { hasText: /step [1-9]/ }).waitFor();
      await page.locator('#procedure-back').click();
      await page.locator('.lab canvas.loss').waitFor();
      assert.deepEqual(await names(page), ['Momentum, no norm']);
    },
  },
  {
    name: 'every procedure ends in a report of its own, or says why it cannot',
    async run({ page, address }) {
      const said = {};
      await page.goto(`${address}${SHORT}`);
      for (const id of IDS.slice(1)) {
        await page.evaluate((id) => (location.hash = `procedure=${id}`), id);
        await page.locator('#procedure-title').waitFor();
        await page.waitForFunction((title) => document.querySelector('#procedure-title').innerText !== title, Object.values(said).at(-1)?.title ?? '');
        const title = await page.locator('#procedure-title').innerText();
        said[id] = { title, text: await report(page) };
      }
      assert.match(said['batch-size'].text, /At one learning rate the losses lie [\d.]+ apart; with each tuned, [\d.]+\./);
      assert.match(said.compare.text, /Lowest final validation loss/);
      assert.match(said.clip.text, /Lowest final validation loss, .*(More than half of the updates|more than half)/);
      assert.match(said.warmup.text, /The shortest warmup that survives [\d.]+ has \d+ steps|No warmup up to the longest/);
      assert.match(said['early-check'].text, /At 0\.\d+ the (loss began at|run diverged for good)/);
      assert.match(said.sweep.text, /Refined, lr\* is/);
      // A grid that is all too high has nothing to start from.
      await page.goto(`${address}#backend=cpu&version=1&base=figure-7a;max_train_steps=60;learning_rates.from=5`);
      await page.locator('#diagnose').click();
      assert.match(await report(page), /No learning rate of this grid is feasible/);
    },
  },
  {
    name: 'the chapter leads to a procedure and back',
    async run({ page, address }) {
      await page.goto(`${address}?lang=en${SHORT.replace('#', '#chapter=warmup-how&').split('&version')[0]}`);
      await page.locator('.chapter [data-procedure=warmup]').click();
      await page.locator('#target').selectOption('3');
      assert.match(page.url(), /#procedure=warmup$/);
      await page.goBack();
      await page.locator('.chapter [data-procedure=warmup]').waitFor();
    },
  },
];
