// The runs of a variant stay together: to the eye, while it is paused, and step by step.
import assert from 'node:assert/strict';
import { ended, reaches, step } from './helpers.mjs';
import { watchReports } from './messages.mjs';

const LONG = '#backend=cpu&version=1&base=figure-7a;max_train_steps=50000';

/** The latest step of each shard. */
const steps = (page) => page.evaluate(() => Object.values(Object.fromEntries(window.reports)));

/** Waits until no shard reports any more. */
async function settled(page) {
  let last = -1;
  while (last !== (last = await page.evaluate(() => window.reports.length))) await page.waitForTimeout(500);
  return steps(page);
}

export const lockstepTests = [
  {
    name: 'no shard gets more than a chunk ahead of the slowest, from the first step to the last',
    async run({ page, address }) {
      await page.addInitScript(watchReports);
      await page.goto(`${address}#backend=cpu`);
      await ended(page, 0);
      const reports = await page.evaluate(() => window.reports);
      const at = new Map();
      const leads = [];
      const lengths = [];
      for (const [shard, step] of reports) {
        lengths.push(step - (at.get(shard) ?? 0));
        at.set(shard, step);
        leads.push(Math.max(...at.values()) - Math.min(...at.values()));
      }
      const middle = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
      const [report, usual, most] = [middle(lengths), middle(leads), Math.max(...leads)];
      console.log(`    ${at.size} shards, reports of ${report} steps; usually ${usual} steps apart, at most ${most}`);
      assert.ok(at.size >= 2, 'one shard alone proves nothing');
      assert.ok([...at.values()].every((step) => step === 600));
      // A chunk is three reports of the slowest, and up to five times that where a busy page answers late; a report that its
      // limit cut short is shorter than most.
      assert.ok(most <= 20 * report + 2, `${most} steps apart, a report has ${report}`);
      // 0.15 s of a run's training at most, and a report.
      assert.ok(most < 180, `${most} steps of 600 are no lockstep`);
    },
  },
  {
    name: 'pause stops every run at one step, and step is one step of each',
    async run({ page, address }) {
      await page.addInitScript(watchReports);
      await page.goto(address + LONG);
      await reaches(page, 30);
      await page.getByRole('button', { name: 'Pause' }).click();
      const [paused, ...others] = await settled(page);
      assert.ok(others.length > 0 && others.every((step) => step === paused), `${paused}, ${others}`);
      assert.equal(await step(page), paused);
      for (let i = 1; i <= 3; i++) {
        await page.getByRole('button', { name: 'Step', exact: true }).click();
        assert.deepEqual(await settled(page), [paused, ...others].map(() => paused + i));
        assert.equal(await step(page), paused + i);
      }
      await page.getByRole('button', { name: 'Run', exact: true }).click();
      await reaches(page, paused + 30);
    },
  },
  {
    name: 'while it trains the axis plot, the table and the cursor show one step of all living runs',
    async run({ page, address }) {
      await page.goto(address + LONG);
      await reaches(page, 60);
      await page.locator('details.table:has(#axis-table)').evaluate((details) => (details.open = true));
      for (let i = 0; i < 5; i++) {
        await page.waitForTimeout(300);
        const states = await page.locator('#axis-table tr').evaluateAll((rows) => rows.map((row) => row.cells[3].textContent));
        const training = states.filter((state) => !/^diverged/.test(state));
        assert.ok(training.length >= 3 && training.every((state) => state === training[0] && /\d/.test(state)), states.join());
      }
      const [title, progress] = await page.evaluate(() => ['#equations-title', '#progress'].map((id) => document.querySelector(id).textContent));
      // The cursor shows the last of the steps that are done, counted from 0.
      assert.equal(Number(title.match(/at step (\d+)/)[1]) + 1, Number(progress.match(/step (\d+)/)[1]), `${title} ${progress}`);
    },
  },
];
