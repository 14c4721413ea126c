// axe-core on the page as it is used: trained, with the rule's editor and every disclosure open, in each theme and language.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { SHORT, ended } from './helpers.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Every violation on the page, in words: rule, place, why. */
async function violations(page) {
  // Evaluated through the browser's debugger: the page's Content-Security-Policy stays as it is.
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary.replace(/\s+/g, ' ')}`));
  });
}

const openAll = (page) =>
  page.evaluate(() => document.querySelectorAll('details').forEach((details) => (details.open = true)));

const options = (page, id) => page.locator(`#${id} option`).evaluateAll((all) => all.map((option) => option.value));

export const accessibilityTests = [
  {
    name: 'axe finds what is wrong',
    async run({ page, address }) {
      await page.goto(address + SHORT);
      await page.locator('#variants .name').first().waitFor();
      await page.evaluate(() => {
        const image = document.createElement('img');
        image.id = 'nameless';
        document.querySelector('main').append(image);
      });
      assert.ok((await violations(page)).some((one) => one.startsWith('image-alt: #nameless')));
    },
  },
  ...[360, 1366].map((width) => ({
    name: `axe finds no violation at ${width} px, in any theme and language`,
    context: { viewport: { width, height: 900 } },
    async run({ page, address }) {
      await page.goto(address + SHORT);
      await ended(page, 0);
      await page.locator('#warmup').check();
      await ended(page, 1);
      await openAll(page);
      // The drawer lies over what it is beside.
      await page.locator('details.setup').evaluate((setup) => (setup.open = false));
      await page.locator('#own-rule').click();
      const field = page.locator('#rule-text');
      // A wrong rule: its message and the mark at its line are on the page.
      await field.fill((await field.inputValue()).replace('gamma * v', 'gamma ** v'));
      await page.locator('#rule-error .warning').waitFor();
      await page.locator('#share').click();
      await page.locator('#shared').waitFor();
      const found = [];
      const themes = await options(page, 'theme');
      assert.ok(themes.includes('light') && themes.includes('dark'));
      for (const language of await options(page, 'language')) {
        await page.locator('#language').selectOption(language);
        for (const theme of themes) {
          await page.locator('#theme').selectOption(theme);
          await openAll(page);
          await page.waitForTimeout(300);
          found.push(...(await violations(page)).map((one) => `${language}, ${theme}: ${one}`));
        }
      }
      assert.deepEqual(found, []);
    },
  })),
  {
    name: 'axe finds no violation in a procedure with its report, the menu of procedures, the dialog for embedding, and an embedded board',
    async run({ page, address }) {
      for (const language of ['en', 'id']) {
        await page.goto('about:blank');
        await page.goto(`${address}?lang=${language}${SHORT}`);
        await page.locator('#progress', { hasText: /60 \/ 60/ }).waitFor();
        await page.locator('#embed').click();
        assert.deepEqual(await violations(page), [], `${language}: dialog`);
        await page.keyboard.press('Escape');
        await page.locator('#procedures').click();
        assert.deepEqual(await violations(page), [], `${language}: menu`);
        await page.locator('[data-procedure=clip]').click();
        await page.locator('#start-procedure:not([disabled])').click();
        await page.locator('#cancel-procedure').waitFor();
        // Buttons take their colours in an eighth of a second.
        await page.waitForTimeout(300);
        assert.deepEqual(await violations(page), [], `${language}: training`);
        await page.locator('#report').waitFor({ timeout: 120_000 });
        await page.waitForTimeout(300);
        assert.deepEqual(await violations(page), [], `${language}: report`);
        await page.goto(`${address}?embed&show=switches,loss,axis,equations,norm&lang=${language}${SHORT}`);
        await page.locator('#progress', { hasText: /60 \/ 60/ }).waitFor();
        assert.deepEqual(await violations(page), [], `${language}: embedded`);
      }
    },
  },
  {
    name: 'axe finds no violation in the chapter, with a live figure, nor in the glossary and the menu of stories',
    async run({ page, address }) {
      for (const language of ['en', 'id']) {
        await page.goto('about:blank');
        await page.goto(`${address}?lang=${language}#backend=cpu&chapter`);
        await page.locator('.chapter article h2').first().waitFor();
        await page.locator('[data-figure="5"] .run').click();
        await page.locator('[data-figure="5"] canvas.loss').waitFor();
        await page.locator('.question button').first().click();
        assert.deepEqual(await violations(page), [], language);
        await page.locator('#stories').click();
        assert.deepEqual(await violations(page), [], language);
        await page.locator('#open-glossary').click();
        await page.locator('#glossary h3').first().waitFor();
        assert.deepEqual(await violations(page), [], language);
      }
    },
  },
  {
    name: 'axe finds no violation on the benchmark and on the page without workers',
    async run({ page, address }) {
      await page.addInitScript(() => delete window.Worker);
      await page.goto(address + SHORT);
      await page.locator('#engine', { hasText: 'the page itself trains' }).waitFor();
      assert.deepEqual(await violations(page), []);
      await page.goto('about:blank');
      await page.goto(`${address}#bench`);
      await page.locator('h1').waitFor();
      assert.deepEqual(await violations(page), []);
    },
  },
];
