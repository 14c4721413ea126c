// The page within another page, by its address: what it shows, hides and locks, and when it trains.
import assert from 'node:assert/strict';
import { SHORT, ended, names, openSetup } from './helpers.mjs';

/** The sections of an embedded page that are seen. */
const panels = (page) =>
  page.locator('.panels section, .panels aside').evaluateAll((all) => all.map((one) => one.className.replace(/card|-card/g, '').trim() || 'equations'));

export const embeddingTests = [
  ...['en', 'id'].map((lang) => ({
    name: `an embedded board fits 700 by 420 pixels without scrolling, with a rule of five lines too (${lang})`,
    context: { viewport: { width: 700, height: 420 } },
    async run({ page, address, shot }) {
      for (const board of [SHORT, `${SHORT}&variant=optimizer.rule=adam`]) {
        await page.goto(`${address}?embed&lang=${lang}${board}`);
        await page.locator('#progress', { hasText: /60 \/ 60/ }).waitFor();
        assert.deepEqual(await panels(page), ['loss', 'equations']);
        assert.equal(await page.locator('header, #transport, #lead').count(), 0);
        const overflow = await page.evaluate(() => {
          const root = document.documentElement;
          const inner = [...document.querySelectorAll('main *')].filter((one) => /auto|scroll/.test(getComputedStyle(one).overflowY) && one.scrollHeight > one.clientHeight + 1);
          return [root.scrollHeight - innerHeight, root.scrollWidth - innerWidth, ...inner.map((one) => one.className)];
        });
        assert.deepEqual(overflow, [0, 0]);
        const canvas = await page.locator('canvas.loss').boundingBox();
        assert.ok(canvas.width > 250 && canvas.height > 120, JSON.stringify(canvas));
      }
      await shot(`embedded-${lang}`);
    },
  })),
  {
    name: 'show, run=click and theme do what they say',
    context: { viewport: { width: 700, height: 420 } },
    async run({ page, address, shot }) {
      await page.goto(`${address}?embed&show=axis,norm&run=click&theme=dark${SHORT}`);
      await page.locator('main.embed').waitFor();
      assert.deepEqual(await panels(page), ['axis', 'norm']);
      assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
      await page.waitForTimeout(1000);
      assert.equal(await page.locator('#progress').count(), 0, 'nothing trains');
      await page.locator('#begin').click();
      await page.locator('#progress', { hasText: /60 \/ 60/ }).waitFor();
      // A story has a picture until then.
      await page.goto(`${address}?embed&run=click#figure=7a`);
      await page.reload();
      await page.locator('img.still').waitFor();
      await shot('embedded-still');
    },
  },
  {
    name: 'a figure is embedded with its claim',
    context: { viewport: { width: 700, height: 420 } },
    async run({ page, address }) {
      await page.goto(`${address}?embed&show=figure#figure=7a`);
      await page.locator('.held', { hasText: /The claim held on \d of 1 seeds/ }).waitFor();
      assert.equal(await page.locator('.open').count(), 0);
      assert.equal(await page.evaluate(() => document.documentElement.scrollHeight), 420);
    },
  },
  {
    name: 'what a link locks stays: by control, suggestion, undo, back and an edited board',
    async run({ page, address }) {
      await page.goto(`${address}?lock=warmup,optimizer&hide=placement,seed${SHORT}`);
      await ended(page, 0);
      assert.ok(await page.locator('#warmup').isDisabled());
      assert.ok(await page.locator('input[name=optimizer]').first().isDisabled());
      assert.equal(await page.locator('input[name=placement], #seed, #own-rule, .editor, #stories').count(), 0);
      // The guide would suggest warmup.
      assert.equal(await page.locator('#try, #fix').filter({ hasText: 'warmup' }).count(), 0);
      await page.locator('#clipping').check();
      await ended(page, 1);
      const before = await names(page);
      // The board of an edited link changes what is locked.
      await page.evaluate((board) => (location.hash = `${board}&variant=warmup_steps=20`), SHORT);
      await page.locator('#notice', { hasText: 'is locked by the address' }).waitFor();
      assert.deepEqual(await names(page), before);
      assert.doesNotMatch(page.url(), /warmup_steps/);
      await page.evaluate((board) => (location.hash = `${board}&variant=model.placement=pre`), SHORT);
      await page.locator('#notice', { hasText: 'Norm placement is locked' }).waitFor();
      assert.deepEqual(await names(page), before);
      // What is not locked goes on being changed, undone and done again.
      await page.keyboard.press('Control+Z');
      assert.equal((await names(page)).length, 1);
      await openSetup(page);
      assert.ok(await page.locator('#schedule').isDisabled());
      await page.locator('#width').fill('16');
      await page.keyboard.press('Enter');
      await page.locator('#variants .name', { hasText: 'width 16' }).waitFor();
    },
  },
  {
    name: 'a query with something unknown says so, and the rest counts',
    async run({ page, address }) {
      await page.goto(`${address}?lang=en&hide=loss,everything${SHORT}`);
      assert.match(await page.locator('#notice').innerText(), /Part of the address is not used: hide=everything is not allowed; allowed: switches/);
      assert.equal(await page.locator('canvas.loss').count(), 0);
      assert.equal(await page.locator('canvas.axis').count(), 1);
    },
  },
  {
    name: 'the dialog writes a frame, and its address opens what was chosen',
    async run({ page, context, address, shot }) {
      await page.goto(address + SHORT);
      await page.locator('#embed').click();
      const html = () => page.locator('#embed-html').inputValue();
      assert.match(await html(), /^<iframe src="http[^"]+\?embed&amp;lang=en#backend=cpu&amp;version=1[^"]+" title="[^"]+" width="700" height="420"/);
      await page.locator('#embed-show input[value=axis]').check();
      await page.locator('#embed-show input[value=equations]').uncheck();
      await page.locator('#embed-lock input[value=warmup]').check();
      await page.locator('#embed-theme').selectOption('dark');
      await page.locator('#embed-begin').selectOption('load');
      const source = (await html()).match(/src="([^"]+)"/)[1].replaceAll('&amp;', '&');
      assert.match(source, /\?embed&show=switches,loss,axis&lock=warmup&run=load&theme=dark&lang=en#/);
      await shot('embed-dialog');
      const other = await context.newPage();
      await other.goto(source);
      await other.locator('#progress', { hasText: /60 \/ 60/ }).waitFor();
      assert.deepEqual(await panels(other), ['loss', 'axis']);
      assert.ok(await other.locator('#warmup').isDisabled());
      await other.close();
      await page.keyboard.press('Escape');
      assert.equal(await page.evaluate(() => document.activeElement.id), 'embed');
    },
  },
];
