// The board in the address, its past, and the rule's text.
import assert from 'node:assert/strict';
import { SHORT, openSetup } from './helpers.mjs';

const names = (page) => page.locator('#variants .name').allInnerTexts().then((all) => all.map((name) => name.trim()));
const fragment = (page) => new URL(page.url()).hash;

/** Waits until the list of variants reads so. */
async function reads(page, expected) {
  await page.waitForFunction(
    (expected) =>
      JSON.stringify([...document.querySelectorAll('#variants .name')].map((name) => name.textContent.trim())) === expected,
    JSON.stringify(expected),
  );
}

const BASE = 'Momentum, no norm';

/** A board, the default one where none is given, with a warmup and a clip threshold. */
async function threeVariants(page, address, board = '#backend=cpu') {
  await page.goto(address + board);
  await reads(page, [BASE]);
  await page.locator('#warmup').check();
  // A tenth of the steps.
  await reads(page, [BASE, board === SHORT ? '+ warmup 6' : '+ warmup 60']);
  await page.locator('#clipping').check();
  await page.waitForFunction(() => document.querySelectorAll('#variants .name').length === 3 && location.hash.includes('clip'));
  return names(page);
}

export const boardTests = [
  {
    name: 'sharing copies a link, and opening it gives the same board',
    context: { permissions: ['clipboard-read', 'clipboard-write'] },
    async run({ page, context, address, shot }) {
      const three = await threeVariants(page, address);
      await page.getByRole('checkbox', { name: 'Hide + warmup 60' }).uncheck();
      await page.getByRole('button', { name: BASE, exact: true }).click();
      // From the middle of the learning rates two up.
      await page.locator('#transport[data-backend=cpu]').waitFor();
      for (let i = 0; i < 2; i++) await page.locator('canvas.axis').press('ArrowRight');
      await page.locator('#cursor').fill('0');
      await page.locator('#share').click();
      await page.locator('#shared', { hasText: 'copied' }).waitFor();
      await shot('shared');
      const link = await page.evaluate(() => navigator.clipboard.readText());
      assert.equal(link, page.url());
      assert.match(link, /#backend=cpu&version=1&base=figure-7a&variant=warmup_steps=60&variant=clip_threshold=[\d.]+;warmup_steps=60&hidden=2&focus=1,6&cursor=0$/);

      const state = async (page) => ({
        names: await names(page),
        shown: await page.locator('#variants input[type=checkbox]').evaluateAll((boxes) => boxes.map((box) => box.checked)),
        focus: await page.locator('#variants [aria-current=true]').innerText(),
        title: await page.locator('#equations-title').innerText(),
      });
      const before = await state(page);
      assert.deepEqual(before.names, three);
      assert.match(before.title, /at step 0, base learning rate 0\.032/);
      const other = await context.newPage();
      await other.goto(link);
      await reads(other, three);
      assert.deepEqual(await state(other), before);
      await other.reload();
      await reads(other, three);
      assert.deepEqual(await state(other), before);
      assert.equal(other.url(), link);
      await other.close();
    },
  },
  {
    name: 'where the browser does not let the page copy, the link stands in a field',
    async run({ page, address }) {
      await page.addInitScript(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
      await page.goto(`${address}#backend=cpu`);
      await page.locator('#warmup').check();
      await reads(page, [BASE, '+ warmup 60']);
      await page.locator('#share').click();
      await page.getByText('The browser does not let the page copy').waitFor();
      const field = page.getByRole('textbox', { name: 'Link to this board' });
      assert.equal(await field.inputValue(), page.url());
      assert.equal(await field.evaluate((field) => field.readOnly), true);
      await field.focus();
      assert.equal(await page.evaluate(() => getSelection().toString()), page.url());
    },
  },
  {
    name: 'a bad link says what is wrong in both languages and loads the default',
    async run({ page, address }) {
      const notice = page.locator('#notice');
      await page.goto(`${address}#backend=cpu&version=1&variant=batch_size=0`);
      assert.match(await notice.innerText(), /variant 2: batch_size: 0 is not between 1 and 1024\. This is the default board/);
      await reads(page, [BASE]);
      await page.locator('#transport[data-backend=cpu]').waitFor();
      await page.goto(`${address}?lang=id#cursor=soon`);
      assert.match(await notice.innerText(), /cursor=soon tidak boleh; yang boleh: 0–100000/);
      // Under a board that is there already, a bad address changes nothing.
      await page.goto(`${address}?lang=en#backend=cpu&variant=seed=7`);
      await reads(page, [BASE, '+ seed 7']);
      await page.evaluate(() => (location.hash = '#focus=9'));
      await notice.getByText('focus=9').waitFor();
      assert.match(await notice.innerText(), /allowed: 1–1\. The board stays as it was/);
      await reads(page, [BASE, '+ seed 7']);
    },
  },
  {
    name: 'back and forward walk over the boards',
    async run({ page, address }) {
      const three = await threeVariants(page, address);
      await page.goBack();
      await reads(page, three.slice(0, 2));
      await page.goBack();
      await reads(page, [BASE]);
      assert.equal(fragment(page), '#backend=cpu');
      await page.goForward();
      await page.goForward();
      await reads(page, three);
      // Moving the cursor is no step back.
      const steps = await page.evaluate(() => history.length);
      await page.locator('#cursor').fill('0');
      await page.waitForURL(/cursor=0/);
      assert.equal(await page.evaluate(() => history.length), steps);
    },
  },
  {
    name: 'a delete is undone and done again, by button and by keyboard',
    async run({ page, address }) {
      const three = await threeVariants(page, address, SHORT);
      assert.equal(await page.locator('#redo').isDisabled(), true);
      await page.getByRole('button', { name: 'Delete + warmup 6' }).click();
      await reads(page, [three[0], three[2]]);
      await page.waitForFunction(() => document.activeElement.matches('#variants .name'), null, { timeout: 5_000 });
      await page.locator('#undo').click();
      await reads(page, three);
      await page.locator('#redo').click();
      await reads(page, [three[0], three[2]]);
      // In a text field the keys are the field's own.
      await openSetup(page);
      await page.locator('#width').focus();
      await page.keyboard.press('Control+z');
      await page.waitForTimeout(300);
      await reads(page, [three[0], three[2]]);
      await page.locator('#share').focus();
      await page.keyboard.press('Control+z');
      await reads(page, three);
      await page.keyboard.press('Control+Shift+z');
      await reads(page, [three[0], three[2]]);
      await page.keyboard.press('Control+z');
      await page.keyboard.press('Control+z');
      await reads(page, three.slice(0, 2));
      // The brought-back variant trains: it is no picture.
      await page.locator('#happened', { hasText: '+ warmup 6: lr* is' }).waitFor({ timeout: 300_000 });
      // What has ended comes back with its curves.
      await page.getByRole('button', { name: 'Delete + warmup 6' }).click();
      await page.locator('#undo').click();
      await page.locator('#happened', { hasText: '+ warmup 6: lr* is' }).waitFor({ timeout: 2_000 });
    },
  },
  {
    name: 'a rule typed wrong shows where, typed right it becomes a variant with its constants and travels in the link',
    async run({ page, address, shot }) {
      await page.goto(address + SHORT);
      await reads(page, [BASE]);
      await page.locator('#own-rule').click();
      const field = page.getByRole('textbox', { name: 'The update rule as text' });
      await field.waitFor();
      await page.waitForFunction(() => document.activeElement.id === 'rule-text');
      const text = await field.inputValue();
      assert.match(text, /^name +"Momentum"/);
      assert.equal(await page.locator('#rule-commit').isDisabled(), true, 'nothing is changed yet');

      await field.fill(text.replace('v = gamma * v + g', 'v = gamma * + g'));
      const error = page.locator('#rule-error');
      assert.match(await error.innerText(), /Line 5, column 13: .*expected/);
      assert.equal(await field.getAttribute('aria-invalid'), 'true');
      assert.ok((await field.getAttribute('aria-describedby')).split(' ').includes('rule-error'));
      assert.equal(await page.locator('.lines .wrong').innerText(), '▶ 5');
      await page.locator('#language').selectOption('id');
      assert.match(await error.innerText(), /^Baris 5, kolom 13: seharusnya .*, tetapi ditemukan `\+`\./);
      await page.locator('#language').selectOption('en');
      assert.equal(await page.locator('#rule-commit').isDisabled(), true);
      await field.press('Control+Enter');
      await reads(page, [BASE]);
      for (const theme of ['light', 'dark']) {
        await page.locator('#theme').selectOption(theme);
        await shot(`rule-wrong-${theme}`);
      }

      await field.fill(text.replace('Momentum', 'Signed').replace('state', 'constant size = 1.5 in (0, 10)\nstate').replace('v + g', 'v + size * sign(g)'));
      assert.equal(await field.getAttribute('aria-invalid'), 'false');
      assert.match(await page.locator('#rule-preview').innerText(), /sign/, 'the equation follows the text');
      await shot('rule-right');
      await field.press('Control+Enter');
      await reads(page, [BASE, '+ Signed']);
      await openSetup(page);
      assert.equal(await page.locator('#constant-size').inputValue(), '1.5');
      assert.equal(await page.locator('#constant-gamma').inputValue(), '0.9');
      assert.match(await page.locator('.own').innerText(), /Signed/);
      await page.waitForFunction(() => /optimizer\.text=name +"Signed"/.test(decodeURIComponent(location.hash)));
      await page.locator('#probe tr[data-symbol=size]').waitFor({ state: 'attached', timeout: 60_000 });
      await page.locator('#happened', { hasText: /\+ Signed: (lr\*|No learning rate)/ }).waitFor({ timeout: 300_000 });

      // The same name again: the line that differs is the name.
      await page.getByRole('button', { name: BASE, exact: true }).click();
      await field.fill(text.replace('v + g', 'v + 2 * g'));
      await page.locator('#rule-commit').click();
      await reads(page, [BASE, '+ Signed', '+ Momentum: v = gamma * v + 2 * g']);
      await page.reload();
      await reads(page, [BASE, '+ Signed', '+ Momentum: v = gamma * v + 2 * g']);
    },
  },
  {
    name: 'the editor fits a phone',
    context: { viewport: { width: 360, height: 800 } },
    async run({ page, address, shot }) {
      await page.goto(`${address}#backend=cpu`);
      await reads(page, [BASE]);
      await page.locator('#rule-editor > summary').click();
      const field = page.locator('#rule-text');
      await field.fill((await field.inputValue()).replace('gamma * v', 'gamma ** v'));
      await page.locator('#rule-error .warning').waitFor();
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${wide} px too wide`);
      for (const theme of ['light', 'dark']) {
        await page.locator('#theme').selectOption(theme);
        await shot(`rule-360-${theme}`);
      }
    },
  },
];
