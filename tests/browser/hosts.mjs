// Pages of others that hold a frame of Brink: the recipes of docs/embedding.md, each in a real build.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { serve } from '../../.ci/server.mjs';

const DIST = resolve(process.argv[2] ?? 'dist');
/** Text that puts the frame below what one sees first. */
const ABOVE = 'Text above the frame, so that it is out of sight at first.\n\n'.repeat(60);

/** The example of a section of docs/embedding.md: what stands between its fences. */
function recipe(section) {
  const text = readFileSync('docs/embedding.md', 'utf8');
  const found = text.match(new RegExp(`\n## ${section}\n[^]*?\n\`\`\`\\w+\n([^]*?)\n\`\`\``));
  assert.ok(found, `a recipe for ${section}`);
  return found[1];
}

const hosts = {
  'plain HTML': (folder) => {
    writeFileSync(join(folder, 'index.html'), `<!doctype html><title>A page</title><pre>${ABOVE}</pre>${recipe('Plain HTML')}<pre>${ABOVE}</pre>`);
    cpSync(DIST, join(folder, 'brink'), { recursive: true });
    return [folder, ''];
  },
  mdBook: (folder) => {
    cpSync('tests/hosts/mdbook', folder, { recursive: true });
    writeFileSync(join(folder, 'src/edge.md'), `# The edge\n\n${ABOVE}${recipe('mdBook')}\n\n${ABOVE}`);
    cpSync(DIST, join(folder, 'src/brink'), { recursive: true });
    execFileSync('mdbook', ['build', folder], { stdio: 'pipe' });
    return [join(folder, 'book'), 'edge.html'];
  },
  Sphinx: (folder) => {
    cpSync('tests/hosts/sphinx', folder, { recursive: true });
    writeFileSync(join(folder, 'index.rst'), `The edge\n========\n\n${ABOVE}${recipe('Sphinx')}\n\n${ABOVE}`);
    cpSync(DIST, join(folder, 'extra/brink'), { recursive: true });
    execFileSync('target/sphinx/bin/sphinx-build', ['-q', '-b', 'html', folder, join(folder, 'built')], { stdio: 'pipe' });
    return [join(folder, 'built'), 'index.html'];
  },
};

/** Builds a host with a frame of Brink, serves it, and opens it. */
async function opened(page, origins, name, use) {
  const folder = mkdtempSync(join(tmpdir(), 'brink-host-'));
  let server;
  try {
    const [root, path] = hosts[name](folder);
    server = await serve(root, 0, '/');
    const origin = `http://127.0.0.1:${server.address().port}`;
    origins.push(origin);
    // The icon of the page around the frame is not what is tested.
    await page.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }));
    await page.goto(`${origin}/${path}`);
    await use(page.locator('iframe'), page.frameLocator('iframe'));
  } finally {
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

export const hostTests = Object.keys(hosts).map((name) => ({
  name: `${name} holds a frame that trains once it is in sight, and leaves the page around it alone`,
  async run({ page, origins, shot }) {
    await opened(page, origins, name, async (element, frame) => {
      const before = await page.evaluate(() => history.length);
      // A browser may not even load it: `loading="lazy"`.
      assert.equal(await frame.locator('#progress', { hasText: /step [1-9]/ }).count(), 0);
      await element.scrollIntoViewIfNeeded();
      // A board says how far it is, a figure what it found.
      await frame.locator('#progress, .held').filter({ hasText: /step 600 \/ 600|The claim held on \d of 1 seeds/ }).waitFor({ timeout: 120_000 });
      await shot(`host-${name.replace(/\W/g, '-')}`);
      // A wheel over the frame scrolls the page around it.
      const box = await element.boundingBox();
      assert.ok(box.width >= 650 && box.height >= 400, JSON.stringify(box));
      const scrolled = () => page.evaluate(() => Math.max(scrollY, ...[...document.querySelectorAll('*')].map((one) => one.scrollTop)));
      const at = await scrolled();
      await page.mouse.move(box.x + box.width / 4, box.y + box.height / 2);
      await page.mouse.wheel(0, 120);
      await page.waitForTimeout(500);
      assert.ok((await scrolled()) > at, 'the page around it scrolls');
      // A variant more is no step of its history.
      if (await frame.locator('#warmup').count()) {
        await frame.locator('#warmup').check();
        await frame.locator('#progress', { hasText: /660 \/ 660/ }).waitFor({ timeout: 120_000 });
      }
      assert.equal(await page.evaluate(() => history.length), before);
      const link = await frame.locator('#own-page').getAttribute('href');
      assert.ok(!link.includes('embed') && link.includes('brink/'), link);
    });
  },
}));
