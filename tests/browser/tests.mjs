// What the end-to-end tests do. Each has a name, and `run`; `webgpu: false` asks for a browser without WebGPU.
import assert from 'node:assert/strict';
import { accessibilityTests } from './accessibility.mjs';
import { chapterTests } from './chapter.mjs';
import { boardTests } from './board.mjs';
import { embeddingTests } from './embedding.mjs';
import { faultTests } from './faults.mjs';
import { hostTests } from './hosts.mjs';
import { loadingTests } from './loading.mjs';
import { lockstepTests } from './lockstep.mjs';
import { pageTests } from './page.mjs';
import { procedureTests } from './procedures.mjs';
import { FLEET_MS, SHORT, ended, openSetup } from './helpers.mjs';

const isInfeasible = (row) => /^(diverged|infeasible)/.test(row.state);
const best = (rows) => rows.find((row) => row.state === 'lr*');

/** Opens the page, waits for the cliff of Figure 7a, turns warmup on, and sees lr* move up. */
async function cliffAndWarmup({ page, address, shot }, backend) {
  await page.goto(`${address}#backend=${backend}`);
  const before = await ended(page, 0);
  assert.equal(before.length, 9);
  assert.deepEqual(before.map((row) => row.rate), [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256]);
  assert.equal(best(before)?.rate, 0.008);
  const edge = before.find((row) => row.rate > 0.008 && isInfeasible(row))?.rate;
  assert.ok(edge <= 0.032, `the cliff is at ${edge}`);
  for (const row of before) {
    if (row.rate >= edge) assert.ok(isInfeasible(row), `${row.rate}: ${row.state}`);
    if (row.rate <= 0.008) assert.ok(row.loss > 0.3 && row.loss < 1.6, `${row.rate}: loss ${row.loss}`);
  }
  // Losses fall towards lr*.
  const falling = before.filter((row) => row.rate <= 0.004).map((row) => row.loss);
  assert.deepEqual(falling, [...falling].sort((a, b) => b - a));

  await page.locator('#warmup').check();
  const after = await ended(page, 1);
  assert.equal(after[0].variant, '+ warmup 60');
  assert.ok(best(after).rate >= 4 * best(before).rate, `lr* moved from ${best(before).rate} to ${best(after).rate}`);
  assert.ok(best(after).loss < best(before).loss, 'and the loss at lr* falls');
  assert.match(await page.locator('#happened').innerText(), /times the lr\* of Momentum, no norm/);
  await shot(`warmup-${backend}`);

  const transport = page.locator('#transport');
  assert.equal(await transport.getAttribute('data-backend'), backend);
  const dispatches = Number(await transport.getAttribute('data-dispatches'));
  // At least one dispatch for each step of the 800; no CPU fleet dispatches anything.
  if (backend === 'gpu') assert.ok(dispatches >= 800, `${dispatches} dispatches for 800 steps`);
  else assert.equal(dispatches, 0);
}

/** Turns one control and waits for the line that it adds. */
async function adds(page, name, turn) {
  await turn();
  await page.locator('#variants .name', { hasText: name }).first().waitFor();
}

export const tests = [
  {
    name: 'the static line stands where JavaScript is off',
    context: { javaScriptEnabled: false },
    async run({ page, address }) {
      await page.goto(address);
      assert.match(await page.locator('#waiting > [lang=en]').innerText(), /open Brink in a tab/);
      assert.match(await page.locator('#waiting > [lang=id]').innerText(), /buka Brink di tab/);
    },
  },
  {
    name: 'on the CPU: the cliff of Figure 7a, and warmup moves lr* up',
    run: (tools) => cliffAndWarmup(tools, 'cpu'),
  },
  {
    name: 'on WebGPU, a software adapter: the same cliff, and warmup moves lr* up',
    run: (tools) => cliffAndWarmup(tools, 'gpu'),
  },
  {
    name: 'WebGPU is asked for and not to be had: the CPU does it, and the page says so',
    webgpu: false,
    async run({ page, address }) {
      await page.goto(`${address}#backend=gpu`);
      const rows = await ended(page, 0);
      assert.equal(best(rows)?.rate, 0.008);
      assert.equal(await page.locator('#transport').getAttribute('data-backend'), 'cpu');
      assert.match(await page.locator('#backend').innerText(), /WebGPU is unavailable/);
    },
  },
  {
    name: 'without WebGPU the page starts by itself on the CPU',
    webgpu: false,
    async run({ page, address, shot }) {
      await page.goto(address);
      assert.equal(await page.evaluate(async () => (await navigator.gpu?.requestAdapter()) ?? null), null);
      const rows = await ended(page, 0);
      assert.equal(best(rows)?.rate, 0.008);
      assert.equal(await page.locator('#waiting').count(), 0);
      assert.match(await page.locator('#backend').innerText(), /^CPU · \d+ workers$/);
      await shot('default');
    },
  },
  {
    name: 'a software adapter counts as none unless it is asked for',
    async run({ page, address }) {
      await page.goto(address);
      await page.locator('#transport[data-backend=cpu]').waitFor();
    },
  },
  {
    name: 'each control adds a line, named by what differs',
    async run({ page, address, shot }) {
      await page.goto(address + SHORT);
      await page.locator('#variants .name').first().waitFor();
      // A control turned again before step 50 replaces its variant; these are different controls.
      await adds(page, 'clip', () => page.locator('#clipping').check());
      await adds(page, 'norm pre', () => page.locator('input[name=placement]').nth(1).check());
      await openSetup(page);
      await adds(page, 'final norm', () => page.locator('#final-norm').check());
      await adds(page, 'Adam', () => page.locator('input[name=optimizer][value=adam]').check());
      await adds(page, 'beta1 0.5', () => page.locator('#constant-beta1').fill('0.5').then(() => page.keyboard.press('Enter')));
      await adds(page, 'branch zero', () => page.locator('#branch').selectOption('zero'));
      await adds(page, 'cosine', () => page.locator('#schedule').selectOption('cosine'));
      await adds(page, 'initial scale 2', () => page.locator('#initial-scale').fill('2').then(() => page.keyboard.press('Enter')));
      await adds(page, 'batch 16', () => page.locator('#batch-size').fill('16').then(() => page.keyboard.press('Enter')));
      assert.match(await page.locator('#notice').innerText(), /Another task, size, batch or seed/);
      await adds(page, 'digits', () => page.locator('#task').selectOption('digits'));
      assert.match(await page.locator('.source').innerText(), /Source: /);
      await adds(page, 'MLP', () => page.locator('#model').selectOption('mlp'));
      assert.equal(await page.locator('input[name=placement]').count(), 0);
      assert.equal(await page.locator('#variants li').count(), 12);
      await page.locator('#seed').fill('9');
      await page.keyboard.press('Enter');
      await page.locator('#notice', { hasText: 'At most 12 variants' }).waitFor();
      await ended(page, 4);
      await shot('many-variants');
      // Deleting makes room.
      await page.getByRole('button', { name: /^Delete Momentum, no norm/ }).click();
      assert.equal(await page.locator('#variants li').count(), 11);
    },
  },
  {
    name: 'a value out of range is refused with the range',
    async run({ page, address }) {
      await page.goto(`${address}#backend=cpu`);
      await openSetup(page);
      await page.locator('#width').fill('9999');
      await page.keyboard.press('Enter');
      // Beside the field, which keeps what runs.
      assert.equal(await page.locator('#width-fault').innerText(), '9999 is not between 1 and 256. It stays 32.');
      assert.equal(await page.locator('#width').getAttribute('aria-invalid'), 'true');
      assert.equal(await page.locator('#width').inputValue(), '32');
      for (const [typed, told] of [['2.5', /2\.5 is not a whole number from 1 to 256/], ['-3', /-3 is not/], ['wide', /“wide” is not a number/], ['', /is not a number/]]) {
        await page.locator('#width').fill(typed);
        await page.keyboard.press('Enter');
        assert.match(await page.locator('#width-fault').innerText(), told, typed);
      }
      assert.equal(await page.locator('#variants li').count(), 1);
    },
  },
  {
    name: 'pause, step, scrub and reset',
    async run({ page, address }) {
      await page.goto(`${address}#backend=cpu`);
      await page.locator('#transport[data-backend]').waitFor();
      // Long enough that pausing comes before its end on any machine.
      await openSetup(page);
      await page.locator('#steps').fill('50000');
      await page.keyboard.press('Enter');
      await page.locator('#progress', { hasText: / \/ 50000$/ }).waitFor();
      await page.locator('details.setup').evaluate((setup) => (setup.open = false));
      await page.locator('#progress', { hasNotText: 'step 0 /' }).waitFor();
      await page.getByRole('button', { name: 'Pause' }).click();
      const step = async () => Number((await page.locator('#progress').innerText()).match(/step (\d+)/)[1]);
      // What is in hand when a command comes is done first.
      const settled = async () => {
        let last = -1;
        while (last !== (last = await step())) await page.waitForTimeout(500);
        return last;
      };
      const before = await settled();
      assert.ok(before > 0 && before < 50000);
      for (const stepped of [before + 1, before + 2]) {
        await page.getByRole('button', { name: 'Step', exact: true }).click();
        assert.equal(await settled(), stepped);
      }
      // The cursor goes back, and the equations with it.
      await page.locator('canvas.loss').press('Home');
      assert.match(await page.locator('#equations-title').innerText(), /at step 0,/);
      assert.ok((await page.locator('#probe tr').count()) >= 4);
      await page.getByRole('button', { name: 'Run', exact: true }).click();
      await page.waitForFunction((step) => Number(document.querySelector('#progress').textContent.match(/step (\d+)/)[1]) > step + 5, before + 2);
    },
  },
  {
    name: 'the numbers of the probe are one step of Momentum',
    async run({ page, address }) {
      await page.goto(address + SHORT);
      await ended(page, 0);
      await page.locator('canvas.loss').press('Home');
      for (let i = 0; i < 2; i++) await page.locator('canvas.loss').press('ArrowRight');
      assert.match(await page.locator('#equations-title').innerText(), /at step 2,/);
      const symbols = await page.locator('#probe tr').evaluateAll((rows) =>
        rows.map((row) => [row.dataset.symbol, Number(row.cells[1].textContent)]),
      );
      const of = (name) => symbols.filter(([symbol]) => symbol === name).map(([, value]) => value);
      const [[gamma], [g], [before, after]] = [of('gamma'), of('g'), of('v')];
      // Three digits are shown.
      assert.ok(Math.abs(gamma * before + g - after) <= 0.01 * (Math.abs(gamma * before) + Math.abs(g)), JSON.stringify(symbols));
      assert.notEqual(g, 0);
    },
  },
  {
    name: '#bench measures every work on both backends, as a table and as JSON',
    async run({ page, address }) {
      await page.goto(`${address}#bench`);
      await page.locator('#bench-results').waitFor({ state: 'attached', timeout: FLEET_MS });
      const results = JSON.parse(await page.locator('#bench-results').textContent());
      assert.deepEqual(results.map(({ work, backend, runs }) => `${work} ${backend} ${runs}`), ['cpu', 'gpu'].flatMap((backend) => [`W1 ${backend} 1`, `W2 ${backend} 32`, `W3 ${backend} 15`, `W4 ${backend} 7`]));
      for (const { runs, steps, seconds, run_steps_per_second } of results) {
        assert.ok(steps > 0 && seconds > 0);
        assert.ok(Math.abs(run_steps_per_second / ((runs * steps) / seconds) - 1) < 1e-6);
      }
      console.log(`    ${results.map((r) => `${r.work} ${r.backend}: ${Math.round(r.run_steps_per_second)} run-steps/s`).join(', ')}`);
    },
  },
  {
    name: 'English and Indonesian: by the address, the browser and the choice',
    context: { locale: 'id-ID' },
    async run({ page, address, shot }) {
      await page.goto(address + SHORT);
      await page.getByRole('heading', { name: 'Kerugian validasi akhir' }).waitFor();
      assert.equal(await page.locator('html').getAttribute('lang'), 'id');
      await page.goto(`${address}?lang=en${SHORT}`);
      await page.getByRole('heading', { name: 'Final validation loss' }).waitFor();
      await page.locator('#language').selectOption('id');
      await page.getByRole('heading', { name: 'Kerugian validasi akhir' }).waitFor();
      assert.match(page.url(), /\?lang=id#backend=cpu&/);
      await page.locator('#happened', { hasText: /lr\* adalah/ }).waitFor({ timeout: FLEET_MS });
      await shot('indonesian');
    },
  },
  {
    name: 'an address that asks for something unknown says so and runs the default',
    async run({ page, address }) {
      await page.goto(`${address}#colour=red`);
      assert.match(await page.locator('#notice').innerText(), /colour=red/);
      await page.locator('#transport[data-backend=cpu]').waitFor();
    },
  },
  {
    name: 'keyboard alone moves focus and cursor',
    async run({ page, address }) {
      await page.goto(address + SHORT);
      const rows = await ended(page, 0);
      await page.locator('canvas.axis').focus();
      const words = () => page.locator('#axis-words').textContent();
      const says = async (row) => assert.ok((await words()).includes(`${row.rate}, ${row.state}`), `${await words()}: ${row.rate}, ${row.state}`);
      await page.keyboard.press('Home');
      await says(rows[0]);
      for (const row of rows.slice(1)) {
        await page.keyboard.press('ArrowRight');
        await says(row);
        assert.match(await page.locator('#equations-title').innerText(), new RegExp(`base learning rate ${row.rate}$`));
      }
    },
  },
  ...[360, 1366, 1920].map((width) => ({
    name: `nothing overflows at ${width} px, light and dark`,
    context: { viewport: { width, height: 900 } },
    async run({ page, address, shot }) {
      await page.goto(address + SHORT);
      await ended(page, 0);
      if (width === 360) {
        assert.equal(await page.locator('details.setup').evaluate((setup) => setup.open), false, 'plot first');
        await page.locator('details.setup > summary').click();
      }
      await page.locator('#warmup').check();
      await ended(page, 1);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${wide} px too wide`);
      await shot(`light-${width}`);
      await page.locator('#theme').selectOption('dark');
      await page.waitForTimeout(200);
      await shot(`dark-${width}`);
    },
  })),
  ...boardTests,
  ...pageTests,
  ...lockstepTests,
  ...faultTests,
  ...loadingTests,
  ...accessibilityTests,
  ...chapterTests,
  ...embeddingTests,
  ...hostTests,
  ...procedureTests,
];
