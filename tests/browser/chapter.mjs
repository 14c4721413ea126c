// The chapter: its text in both languages, figures that train, questions, the glossary, and the way to the lab and back.
import assert from 'node:assert/strict';
import { FLEET_MS, SHORT, names } from './helpers.mjs';

const SECTIONS = ['start', 'unstable', 'identify', 'fixes', 'warmup-when', 'warmup-how', 'clipping', 'why-metaparameter', 'batch-size', 'rules'];

const open = async (page, address, language, section = '') => {
  await page.goto(`${address}?lang=${language}#backend=cpu&chapter${section && `=${section}`}`);
  await page.locator('.chapter article h2').first().waitFor();
};

export const chapterTests = [
  ...['en', 'id'].map((language) => ({
    name: `the chapter is read section by section (${language})`,
    async run({ page, address, shot }) {
      await open(page, address, language);
      const ids = await page.locator('.chapter article > section > h2').evaluateAll((all) => all.map((one) => one.id));
      assert.deepEqual(ids, SECTIONS.map((id) => `section-${id}`));
      for (const id of SECTIONS) {
        const words = (await page.locator(`section:has(> #section-${id})`).innerText()).split(/\s+/).length;
        assert.ok(words > 40, `${id}: ${words} words`);
      }
      // Every still is there.
      await page.locator('figure img').evaluateAll((all) => all.forEach((image) => (image.loading = 'eager')));
      await page.waitForFunction(() => [...document.querySelectorAll('figure img')].every((image) => image.complete && image.naturalWidth > 0));
      assert.equal(await page.locator('.rule-figure math').count() > 12, true);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
      await shot(`chapter-${language}`);
    },
  })),
  {
    name: 'a figure of the chapter trains, says on how many seeds its claim held, and opens in the lab',
    async run({ page, address, shot }) {
      await open(page, address, 'en', 'identify');
      const figure = page.locator('[data-figure="7a"]');
      const held = async (text) => figure.locator('.held', { hasText: text }).waitFor({ timeout: FLEET_MS });
      await figure.locator('.run').click();
      await held('held on 1 of 1 seeds');
      await figure.locator('.run').click();
      await held(/held on [12] of 2 seeds/);
      await shot('chapter-live', { fullPage: false });
      // What a figure trains next depends on what came out.
      const next = page.locator('[data-figure="9"]');
      await next.locator('.run').click();
      await next.locator('.held', { hasText: /held on [01] of 1 seeds/ }).waitFor({ timeout: FLEET_MS });
      assert.match((await names(page)).join(), /clip/);
      assert.equal(await figure.locator('img').count(), 1, 'one figure is alive at a time');
      await next.locator('.open').click();
      await page.locator('.lab canvas.loss').waitFor();
      assert.match(page.url(), /base=figure-9/);
      await page.goBack();
      await page.locator('.chapter article h2').first().waitFor();
      await page.goForward();
      await page.locator('.lab canvas.loss').waitFor();
    },
  },
  {
    name: 'every figure of the chapter trains on the CPU, and says whether its claim held',
    async run({ page, address }) {
      await open(page, address, 'id');
      const ids = await page.locator('[data-figure]').evaluateAll((all) => all.map((one) => one.dataset.figure));
      assert.deepEqual(ids, ['4', '5', '6', '7a', '7b', 'adam-deep', 'initialisation', '8', '9', 'batch-size']);
      for (const id of ids) {
        const figure = page.locator(`[data-figure="${id}"]`);
        await figure.locator('.run').click();
        await figure.locator('canvas.loss').waitFor();
        await figure.locator('.held', { hasText: /\d/ }).waitFor({ timeout: FLEET_MS });
        assert.match(await figure.locator('.held').innerText(), /terbukti pada [01] dari 1 seed/);
      }
    },
  },
  {
    name: 'a number in a caption is the experiment\'s own, and the reader\'s runs in its place',
    async run({ page, address }) {
      await open(page, address, 'en', 'identify');
      const figure = page.locator('[data-figure="7a"]');
      const number = figure.getByRole('textbox', { name: 'Depth (blocks)' });
      assert.equal(await number.inputValue(), '8');
      await number.fill('3');
      await number.press('Enter');
      await figure.locator('#variants .name').waitFor();
      await figure.locator('.help', { hasText: 'a number of your own' }).waitFor();
      await figure.locator('.run:not([disabled])').waitFor({ timeout: FLEET_MS });
      assert.equal(await figure.locator('.held').innerText(), '', 'the claim is about the figure as it is');
      await number.fill('300');
      await number.press('Enter');
      assert.match(await figure.locator('.fault').innerText(), /300 is not between 1 and 64/);
      await number.fill('8');
      await number.press('Enter');
      await figure.locator('.held', { hasText: /held on [01] of 1 seeds/ }).waitFor({ timeout: FLEET_MS });
    },
  },
  {
    name: 'a symbol of the equations opens its entry, by pointer and by keyboard',
    async run({ page, address }) {
      await page.goto(`${address}?lang=id${SHORT}`);
      await page.locator('#progress', { hasText: /60 \/ 60/ }).waitFor();
      await page.locator('.rule [data-symbol=theta]').first().click();
      await page.locator('#glossary h3', { hasText: 'parameter θ' }).waitFor();
      await page.keyboard.press('Escape');
      await page.locator('details:has(#probe) > summary').focus();
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.locator('#glossary h3').first().waitFor();
      assert.equal(await page.locator('#glossary h3').count(), 1);
    },
  },
  {
    name: 'a question about a figure is answered first, and compared with what the figure did',
    async run({ page, address, shot }) {
      await open(page, address, 'en', 'identify');
      const rates = page.locator('section:has(> #section-identify) .question').first();
      const [best, edge] = await rates.locator('input[type=range]').all();
      assert.deepEqual(await rates.locator('output').allInnerTexts(), ['?', '?']);
      // From the keyboard, and by a click on the track.
      await best.focus();
      for (const key of ['Home', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
      const { width, height } = await edge.boundingBox();
      await edge.click({ position: { x: width - 4, y: height / 2 } });
      assert.deepEqual(await rates.locator('output').allInnerTexts(), ['0.016', '0.256']);
      assert.equal(await best.getAttribute('aria-valuetext'), '0.016');
      await rates.locator('text=Your answer is kept').waitFor();
      assert.equal(await rates.locator('.found').count(), 0, 'nothing is told before the figure runs');
      await shot('guess', { fullPage: false });
      const figure = page.locator('[data-figure="7a"]');
      assert.equal(await figure.locator('.veiled img').count(), 1, 'the still, which is the answer, is veiled');
      const other = page.locator('[data-figure="9"]');
      await other.getByRole('button', { name: 'Show the picture' }).click();
      assert.equal(await other.locator('.veiled').count(), 0);
      await figure.locator('.run').click();
      await rates.locator('.found li').first().waitFor({ timeout: FLEET_MS });
      // As `brink figure 7a --first-seed 1` says it.
      assert.deepEqual(await rates.locator('.found li').allInnerTexts(), [
        'The best learning rate, lr*: 0.008. You said 0.016: too high by a factor of 2.',
        'The first above it that breaks: 0.016. You said 0.256: too high by a factor of 16.',
      ]);
      await rates.locator('text=The best learning rate lies at the edge').waitFor();
      await rates.locator('text=(seed 1) the claim of the figure held').waitFor();
      await shot('guess-compared', { fullPage: false });
      // An answer that is chosen is judged once its figure has run, and not before.
      const choice = page.locator('section:has(> #section-unstable) .question').nth(1);
      await choice.locator('button').nth(1).click();
      await choice.locator('text=Your answer is kept').waitFor();
      assert.equal(await choice.locator('.wrong, .right').count(), 0);
      await page.locator('[data-figure="5"] .run').click();
      assert.equal(await figure.locator('.veiled').count(), 0, 'a figure that has run is veiled no more');
      await choice.locator('text=The spike is over long before step 100').waitFor({ timeout: FLEET_MS });
      assert.equal(await choice.locator('.wrong').count(), 1);
      await choice.locator('button').first().click();
      assert.equal(await choice.locator('.right').count(), 1);
    },
  },
  {
    name: 'a question without a figure is answered at once, and a term opens its entry',
    async run({ page, address }) {
      await open(page, address, 'en', 'identify');
      const question = page.locator('section:has(> #section-identify) .question').nth(1);
      await question.locator('button').first().click();
      await question.locator('text=Not quite: try another').waitFor();
      await question.locator('button').nth(1).click();
      await question.locator('text=Some models are unstable very early').waitFor();
      const term = page.locator('section:has(> #section-identify) .term', { hasText: 'lr*' }).first();
      await term.click();
      await page.locator('#glossary h3', { hasText: 'lr*' }).waitFor();
      await page.keyboard.press('Escape');
      await page.waitForFunction(() => !document.querySelector('#glossary').open);
      assert.equal(await term.evaluate((term) => term === document.activeElement), true, 'the keyboard is where it was');
      await page.locator('#open-glossary').click();
      assert.ok((await page.locator('#glossary h3').count()) > 25);
      await page.locator('#glossary button', { hasText: 'Close' }).click();
    },
  },
  {
    name: 'a story of the menu becomes the board, and what was there comes back',
    async run({ page, address, shot }) {
      await page.goto(`${address}#backend=cpu`);
      await page.locator('#variants .name').first().waitFor();
      const before = await names(page);
      await page.locator('#stories').click();
      await page.waitForFunction(() => [...document.querySelectorAll('.menu img')].every((image) => image.complete && image.naturalWidth > 0));
      await shot('stories', { fullPage: false });
      await page.locator('[data-story="8"]').click();
      await page.waitForFunction(() => document.querySelectorAll('#variants li').length === 6);
      assert.match(page.url(), /base=figure-8/);
      // Its variants are called as the figure calls them; what comes besides, by what differs.
      assert.deepEqual((await names(page)).slice(0, 2), ['post-norm', 'post-norm, warmup 100']);
      await page.locator('#undo').click();
      await page.waitForFunction(() => document.querySelectorAll('#variants li').length === 1);
      assert.deepEqual(await names(page), before);
    },
  },
];
