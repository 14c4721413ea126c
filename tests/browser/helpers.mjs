// What several test files ask of the page.

/** The longest that a fleet of the default experiment may take, on two busy cores and a software GPU. */
export const FLEET_MS = 300_000;

/** The default board with a tenth of its steps, for what does not depend on how far it is trained. */
export const SHORT = '#backend=cpu&version=1&base=figure-7a;max_train_steps=60';
/** The steps of its runs. */
export const SHORT_STEPS = 60;

/** Opens the drawer with the rest of the controls. */
export const openSetup = (page) => page.locator('details.setup').evaluate((setup) => (setup.open = true));

/** Opens the table behind a plot, and waits until it is built. */
export async function openTable(page, id) {
  await page.locator(`details.table:has(#${id})`).evaluate((details) => (details.open = true));
  await page.locator(`#${id} tr`).first().waitFor({ state: 'attached' });
}

/** The rows of the axis plot's table: {variant, rate, loss, state}. */
export async function table(page) {
  await openTable(page, 'axis-table');
  const rows = await page.locator('#axis-table tr').evaluateAll((rows) =>
    rows.map((row) => [...row.cells].map((cell) => cell.textContent)),
  );
  return rows.map(([variant, rate, loss, state]) => ({ variant, rate: Number(rate), loss: Number(loss), state }));
}

/** Waits until the `index`-th variant has ended, and gives its rows. */
export async function ended(page, index) {
  // Only the focused variant's sentence is unfolded.
  await page.waitForFunction(
    (index) => /lr\* is|No learning rate/.test(document.querySelector(`#happened .verdict[data-index="${index}"]`)?.textContent),
    index,
    { timeout: FLEET_MS },
  );
  const name = (await page.locator('#variants .name').nth(index).innerText()).trim();
  return (await table(page)).filter((row) => row.variant === name);
}

/** The names of the variants. */
export const names = (page) =>
  page.locator('#variants .name').allInnerTexts().then((all) => all.map((name) => name.trim()));

/** How far the focused variant is. */
export async function step(page) {
  const text = await page.locator('#progress').innerText();
  return Number(text.match(/step (\d+)/)[1]);
}

/** Waits until the focused variant is so far. */
export const reaches = (page, step) =>
  page.waitForFunction(
    (step) => Number(document.querySelector('#progress')?.textContent.match(/step (\d+)/)?.[1] ?? 0) >= step,
    step,
    { timeout: FLEET_MS },
  );

/** Takes expected messages out of what a test is failed for, and says how many there were. */
export function expect(faults, pattern) {
  const others = faults.filter((fault) => !pattern.test(fault));
  const count = faults.length - others.length;
  faults.splice(0, faults.length, ...others);
  return count;
}
