// What goes wrong, and that nothing the learner made is lost by it. Faults are real ones where they can be: an exception
// thrown through the engine's own frames, a worker that closes itself, a device that is destroyed.
import assert from 'node:assert/strict';
import { FLEET_MS, SHORT, ended, expect, names, reaches, step, table } from './helpers.mjs';
import { DYING_WORKER } from './messages.mjs';

const BASE = 'Momentum, no norm';
const LONG_STEPS = 1500;
const LONG = `+ ${LONG_STEPS} steps`;
/** Two variants; the second, which trains first, takes long enough for something to happen to it. */
const TWO = `${SHORT}&variant=max_train_steps=${LONG_STEPS}&focus=2`;

/** Both variants of [`TWO`], trained undisturbed: once for all tests. */
let undisturbed;
async function reference(context, address) {
  undisturbed ??= (async () => {
    const page = await context.newPage();
    const rows = await trainBoth(page, address);
    await page.close();
    return rows;
  })();
  return undisturbed;
}

async function bothEnded(page) {
  await ended(page, 0);
  await ended(page, 1);
  assert.deepEqual(await names(page), [BASE, LONG]);
  return table(page);
}

/** The page comes from a server whose policy allows workers of its own files only. */
async function forbidBlobs(page, address) {
  await page.route(`${address}**`, async (route) => {
    if (route.request().resourceType() !== 'document') return route.continue();
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': "worker-src 'self'" } });
  });
}

async function trainBoth(page, address) {
  await page.goto(address + TWO);
  return bothEnded(page);
}

/** Notes when the progress of the focused variant goes back: a curve that shrinks. */
const watchProgress = (page) =>
  page.evaluate(() => {
    window.wentBack = [];
    let last = 0;
    new MutationObserver(() => {
      const step = Number(document.querySelector('#progress').textContent.match(/step (\d+)/)[1]);
      if (step < last) window.wentBack.push([last, step]);
      last = step;
    }).observe(document.querySelector('#progress'), { characterData: true, subtree: true, childList: true });
  });

/** In a worker: the next look at the clock throws, through the engine's frames. Its program is poisoned from then on. */
const breakClock = () => {
  performance.now = () => {
    throw new Error('the clock broke');
  };
};

/** Loses a worker in the middle of training and compares what comes out. */
async function losesAWorker({ page, context, address, faults, shot }, lose, reason) {
  const expected = await reference(context, address);
  await page.goto(address + TWO);
  await reaches(page, 100);
  await watchProgress(page);
  await lose(page.workers()[0]);
  const engine = page.locator('#engine');
  await engine.getByText(`A worker was lost (${reason})`).waitFor({ timeout: 60_000 });
  assert.ok((await step(page)) < LONG_STEPS, 'it happened on the way');
  await shot(`worker-lost-${lose.name}`);
  assert.deepEqual(await bothEnded(page), expected);
  assert.deepEqual(await page.evaluate(() => window.wentBack), []);
  expect(faults, /the clock broke|RuntimeError/);
}

/** A page that holds Brink in a frame of an opaque origin. */
async function framed(page, address) {
  const html = `<!doctype html><title>frame</title><iframe sandbox="allow-scripts" width="1300" height="850" src="${address}#backend=cpu"></iframe>`;
  const outer = `${address}frame.html`;
  await page.route(outer, (route) => route.fulfill({ contentType: 'text/html', body: html }));
  await page.goto(outer);
  return page.frameLocator('iframe');
}

const hide = (page, hidden) =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => (hidden ? 'hidden' : 'visible') });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  }, hidden);

/** The step at which training stands still: what is in hand when a command comes is done first. */
async function settled(page) {
  let last = -1;
  while (last !== (last = await step(page))) await page.waitForTimeout(700);
  return last;
}

export const faultTests = [
  {
    name: 'a worker whose program fails loses nothing',
    run: (tools) => losesAWorker(tools, async function fails(worker) { await worker.evaluate(breakClock); }, 'Uncaught Error: the clock broke'),
  },
  {
    name: 'a worker that vanishes without a word loses nothing',
    run: (tools) => losesAWorker(tools, async function vanishes(worker) { await worker.evaluate(() => self.close()); }, 'it does not answer'),
  },
  {
    name: 'a worker lost while training is paused is replaced, and training stays paused',
    async run({ page, context, address }) {
      const expected = await reference(context, address);
      await page.goto(address + TWO);
      await reaches(page, 100);
      await page.getByRole('button', { name: 'Pause' }).click();
      const paused = await settled(page);
      assert.ok(paused < LONG_STEPS);
      await page.workers()[1].evaluate(() => self.close());
      await page.locator('#engine').getByText('A worker was lost (it does not answer)').waitFor({ timeout: 60_000 });
      // Time to train again what had been trained, and not more: a step is one beyond the furthest worker.
      await page.waitForTimeout(3000);
      assert.equal(await step(page), paused);
      await page.getByRole('button', { name: 'Step', exact: true }).click();
      await reaches(page, paused + 1);
      assert.equal(await settled(page), paused + 1);
      await page.getByRole('button', { name: 'Run', exact: true }).click();
      assert.deepEqual(await bothEnded(page), expected);
    },
  },
  {
    name: 'a shard that loses every worker fails, says so, and trains again when asked to',
    async run({ page, context, address, faults }) {
      const expected = await reference(context, address);
      let started = 0;
      let armed = true;
      page.on('worker', (worker) => {
        started += 1;
        // One that is gone already needs no breaking.
        if (armed) worker.evaluate(breakClock).catch(() => {});
      });
      await page.goto(address + TWO);
      const states = page.locator('#variants .state');
      for (const index of [0, 1]) {
        await states.nth(index).getByText(/failed: its worker was lost 4 times: Uncaught Error: the clock broke/).waitFor({ timeout: 60_000 });
      }
      armed = false;
      const before = started;
      await page.waitForTimeout(3000);
      assert.ok(started - before <= 2, 'it does not go on for ever');
      assert.deepEqual(await names(page), [BASE, LONG]);
      // What the last broken workers were still to do is over: those that come now are whole.
      for (const name of [LONG, BASE]) {
        await page.getByRole('button', { name, exact: true }).click();
        await page.getByRole('button', { name: 'Reset' }).click();
      }
      assert.deepEqual(await bothEnded(page), expected);
      expect(faults, /the clock broke|RuntimeError/);
    },
  },
  {
    name: 'where there are no workers the page trains, stays usable, and says so',
    async run({ page, context, address, shot }) {
      const expected = await reference(context, address);
      await page.addInitScript(() => {
        delete window.Worker;
        window.longest = 0;
        new PerformanceObserver((list) => {
          for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration);
        }).observe({ type: 'longtask' });
      });
      await page.goto(address + TWO);
      await page.locator('#engine', { hasText: 'the page itself trains, in short slices' }).waitFor();
      await page.locator('#backend', { hasText: 'CPU · on the page itself' }).waitFor();
      await reaches(page, 50);
      await page.evaluate(() => (window.longest = 0));
      // It answers clicks while it trains.
      await page.getByRole('button', { name: 'Pause' }).click({ timeout: 5000 });
      const stood = await settled(page);
      assert.ok(stood < LONG_STEPS);
      await page.getByRole('button', { name: 'Run', exact: true }).click({ timeout: 5000 });
      await reaches(page, stood + 200);
      await shot('no-worker');
      const longest = await page.evaluate(() => window.longest);
      console.log(`    longest task on the page: ${Math.round(longest)} ms`);
      assert.ok(longest < 500, `a task took ${longest} ms`);
      assert.equal(page.workers().length, 0);
      assert.deepEqual(await bothEnded(page), expected);
    },
  },
  {
    name: 'where a server forbids workers from a blob the script beside the page starts them',
    async run({ page, context, address, faults }) {
      const expected = await reference(context, address);
      await forbidBlobs(page, address);
      await page.goto(address + TWO);
      await page.locator('#transport[data-backend=cpu]').waitFor({ timeout: 60_000 });
      assert.ok(page.workers().some((worker) => worker.url().endsWith('/worker.js')));
      assert.deepEqual(await bothEnded(page), expected);
      expect(faults, /Content Security Policy/);
    },
  },
  {
    name: 'in a frame sandboxed without allow-same-origin it trains, in workers from a blob',
    async run({ page, openAddress, faults, shot }) {
      const frame = await framed(page, openAddress);
      await frame.locator('#happened', { hasText: 'lr* is 0.008' }).waitFor({ timeout: FLEET_MS });
      assert.equal(await frame.locator('#engine').innerText(), '');
      assert.match(await frame.locator('#backend').innerText(), /^CPU · \d+ workers$/);
      // The address and the storage refuse; controls, links and language work all the same.
      await frame.locator('#warmup').check();
      await frame.locator('#variants .name', { hasText: '+ warmup 60' }).waitFor();
      await frame.locator('#share').click();
      assert.match(await frame.locator('#link').inputValue(), /variant=warmup_steps=60/);
      // The browser's own word on it.
      expect(faults, /The Clipboard API has been blocked/);
      await frame.locator('#language').selectOption('id');
      await frame.getByRole('heading', { name: 'Kerugian validasi akhir' }).waitFor();
      await frame.locator('#theme').selectOption('dark');
      await frame.locator('#undo').click();
      await frame.locator('#variants li').nth(1).waitFor({ state: 'detached' });
      await shot('sandboxed');
    },
  },
  {
    name: 'in such a frame from a server without CORS the static line stays, in both languages',
    async run({ page, address, faults, shot }) {
      const frame = await framed(page, address);
      await page.waitForTimeout(1500);
      assert.match(await frame.locator('#waiting > [lang=en]').innerText(), /open Brink in a tab/);
      assert.match(await frame.locator('#waiting > [lang=id]').innerText(), /buka Brink di tab/);
      await shot('sandboxed-without-cors');
      assert.ok(expect(faults, /CORS|Failed to load resource|ERR_FAILED/) > 0);
    },
  },
  {
    name: 'where WebAssembly is off the page says so, in both languages',
    async run({ page, address, faults }) {
      await page.addInitScript(() => delete window.WebAssembly);
      await page.goto(address);
      await page.locator('#failure').waitFor();
      for (const language of ['en', 'id']) {
        const line = page.locator(`#failure .load [lang=${language}]`);
        assert.equal(await line.isVisible(), true);
        assert.match(await line.innerText(), /WebAssembly/);
      }
      assert.match(await page.locator('#failure-reason').innerText(), /WebAssembly/);
      assert.equal(expect(faults, /Brink did not start/), 1);
    },
  },
  {
    name: 'workers that die before they have work are started by another method, the page says so, and what comes then trains',
    async run({ page, address, faults }) {
      await page.addInitScript((script) => {
        window.started = 0;
        window.Worker = class extends Worker {
          constructor(address, ...options) {
            const isBlob = String(address).startsWith('blob:');
            window.started += isBlob;
            super(isBlob ? URL.createObjectURL(new Blob([script], { type: 'text/javascript' })) : address, ...options);
          }
        };
      }, DYING_WORKER);
      await page.goto(`${address}#backend=cpu&version=1&base=none`);
      await page.locator('#engine', { hasText: 'Workers ended before they trained anything (Uncaught Error: it ended by itself)' }).waitFor();
      const before = await page.evaluate(() => window.started);
      assert.ok(before > 3, `${before} workers were started`);
      await page.waitForTimeout(1000);
      await page.evaluate((hash) => (location.hash = hash), SHORT);
      await ended(page, 0);
      assert.equal(await page.evaluate(() => window.started), before, 'it does not go on for ever');
      assert.match(await page.locator('#engine').innerText(), /Workers ended before they trained anything/);
      assert.match(await page.locator('#backend').innerText(), /^CPU · \d+ workers$/);
      expect(faults, /it ended by itself/);
    },
  },
  {
    name: 'where every worker dies before it has work the page itself trains, and says so',
    async run({ page, address, faults }) {
      await page.addInitScript((script) => {
        const bad = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
        window.Worker = class extends Worker {
          constructor() {
            super(bad);
          }
        };
      }, DYING_WORKER);
      await page.goto(`${address}#backend=cpu&version=1&base=none`);
      await page.locator('#engine', { hasText: 'the page itself trains' }).waitFor();
      assert.match(await page.locator('#engine').innerText(), /it ended by itself/);
      await page.evaluate((hash) => (location.hash = hash), SHORT);
      await ended(page, 0);
      assert.equal(await page.locator('#backend').innerText(), 'CPU · on the page itself');
      expect(faults, /it ended by itself/);
    },
  },
  {
    name: 'a link that asks for a great deal waits for a click that says how much, and the board keeps only what it has room for',
    async run({ page, address, shot }) {
      const large = 'learning_rates.count=256;learning_rates.factor=1.01;max_train_steps=16384';
      const variants = Array.from({ length: 11 }, (_, i) => `variant=seed=${i + 100}`).join('&');
      await page.goto(`${address}#backend=cpu&version=1&base=figure-7a;${large}&${variants}&focus=1`);
      const held = page.locator('#held');
      await held.waitFor();
      assert.match(await held.innerText(), /^This link is large: 2 variants, 512 runs, 8388608 run-steps, up to \d+ MB/);
      const [, megabytes] = (await held.innerText()).match(/up to (\d+) MB/);
      assert.ok(Number(megabytes) > 100, megabytes);
      await page.waitForTimeout(1500);
      assert.equal(await step(page), 0, 'nothing trains by itself');
      const states = () => page.locator('#variants .state').allInnerTexts();
      assert.ok((await states()).some((state) => /no room/.test(state)), 'not all of it is kept');
      await shot('large-link');
      await page.locator('#start-held').click();
      await held.waitFor({ state: 'detached' });
      await reaches(page, 1);
      // The page answers while it trains.
      for (const [language, title] of [['id', 'Kerugian validasi akhir'], ['en', 'Final validation loss']]) {
        const start = Date.now();
        await page.locator('#language').selectOption(language);
        await page.getByRole('heading', { name: title }).waitFor();
        assert.ok(Date.now() - start < 5000, `${Date.now() - start} ms for a change of language`);
      }
      // What is deleted makes room.
      await page.getByRole('button', { name: 'Pause' }).click();
      const first = (await names(page))[0];
      await page.getByRole('button', { name: `Delete ${first}`, exact: true }).click();
    },
  },
  {
    name: 'a hidden tab pauses, continues at the same step, and leaves the learner\'s own pause alone',
    async run({ page, context, address }) {
      const expected = await reference(context, address);
      await page.goto(address + TWO);
      await reaches(page, 100);
      await hide(page, true);
      await page.locator('#engine', { hasText: 'Paused while this tab is hidden' }).waitFor();
      assert.equal(await page.getByRole('button', { name: 'Pause' }).getAttribute('aria-pressed'), 'false');
      const stood = await settled(page);
      assert.ok(stood < LONG_STEPS);
      await page.waitForTimeout(2000);
      assert.equal(await step(page), stood);
      await watchProgress(page);
      await hide(page, false);
      await reaches(page, stood + 50);
      assert.equal(await page.locator('#engine').innerText(), '');
      assert.deepEqual(await page.evaluate(() => window.wentBack), []);

      await page.getByRole('button', { name: 'Pause' }).click();
      const paused = await settled(page);
      assert.ok(paused < LONG_STEPS);
      await hide(page, true);
      await hide(page, false);
      await page.waitForTimeout(1500);
      assert.equal(await step(page), paused);
      // Paused while hidden, it stands when it is seen again; a variant made meanwhile waits too.
      await page.getByRole('button', { name: 'Run', exact: true }).click();
      await reaches(page, paused + 1);
      assert.deepEqual(await bothEnded(page), expected);
    },
  },
  {
    name: 'after a lost GPU device training continues on the CPU from its checkpoint, and the page says so',
    async run({ page, address, faults, shot }) {
      // The engine's own script, which keeps the device that it opens for the test.
      await forbidBlobs(page, address);
      await page.route('**/worker.js', async (route) => {
        const response = await route.fetch();
        const hand = `{
          const request = GPUAdapter.prototype.requestDevice;
          GPUAdapter.prototype.requestDevice = async function (...options) {
            return (self.device = await request.apply(this, options));
          };
        }`;
        await route.fulfill({ response, body: `${hand}\n${await response.text()}` });
      });
      await page.goto(`${address}#backend=gpu`);
      await page.locator('#transport[data-backend=gpu]').waitFor({ timeout: 60_000 });
      await reaches(page, 150);
      await watchProgress(page);
      const destroyed = await Promise.all(page.workers().map((worker) =>
        worker.evaluate(() => {
          self.device?.destroy();
          return !!self.device;
        })));
      assert.equal(destroyed.filter(Boolean).length, 1);
      await page.locator('#transport[data-backend=cpu]').waitFor({ timeout: 60_000 });
      assert.match(await page.locator('#backend').innerText(), /WebGPU is unavailable \(the GPU device was lost/);
      await shot('device-lost');
      const rows = await ended(page, 0);
      assert.equal(rows.find((row) => row.state === 'lr*').rate, 0.008);
      // At most two seconds of training and what was in hand are trained again.
      const back = await page.evaluate(() => window.wentBack);
      assert.ok(back.every(([from, to]) => to > 0 && to < from), JSON.stringify(back));
      // The GPU is opened again for what comes next.
      await page.locator('#warmup').check();
      await page.locator('#transport[data-backend=gpu]').waitFor({ timeout: 60_000 });
      expect(faults, /Content Security Policy/);
    },
  },
  {
    name: 'where storage and history are refused everything works',
    async run({ page, context, address }) {
      const expected = await reference(context, address);
      await page.addInitScript(() => {
        const refuse = () => {
          throw new DOMException('refused', 'SecurityError');
        };
        for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches']) {
          Object.defineProperty(window, name, { get: refuse });
        }
        History.prototype.pushState = refuse;
        History.prototype.replaceState = refuse;
      });
      await page.goto(address + TWO);
      await page.locator('#theme').selectOption('dark');
      await page.locator('#language').selectOption('id');
      await page.getByRole('heading', { name: 'Kerugian validasi akhir' }).waitFor();
      await page.locator('#language').selectOption('en');
      assert.deepEqual(await bothEnded(page), expected);
    },
  },
];
