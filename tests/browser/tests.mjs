// What the end-to-end tests do. Each has a name, and `run`; `webgpu: false` asks for a browser without WebGPU.
import assert from 'node:assert/strict';

export const tests = [
  {
    name: 'the static line stands where JavaScript is off',
    context: { javaScriptEnabled: false },
    async run({ page, address }) {
      await page.goto(address);
      assert.match(await page.locator('#waiting').innerText(), /open Brink in a tab/);
      assert.match(await page.locator('#waiting [lang=id]').innerText(), /buka Brink di tab/);
    },
  },
  {
    name: 'the program takes the place of the static line',
    async run({ page, address }) {
      await page.goto(address);
      await page.locator('main h1').waitFor();
      assert.equal(await page.locator('#waiting').count(), 0);
    },
  },
];
