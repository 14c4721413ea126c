// The pictures of the figures that stand on the page until they are run: `brink figure ID --svg` draws each, of the seed that the
// page begins with (`SEED` in src/view/story.rs) and in each language, into target/stills. Trunk runs this before it builds the
// page. It builds the program first; pictures that are newer than the program stay, for training them all takes half a minute.
// Usage: node .ci/stills.mjs
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { BRINK, figureIds } from './figures.mjs';

const SEED = '1';
const STILLS = 'target/stills';
/** Where a figure is drawn: half a picture never stands among the others. */
const DRAWN = 'target/stills-drawn';

execFileSync('cargo', ['build', '--quiet', '--locked', '--release', '-p', 'brink-cli'], { stdio: 'inherit' });
mkdirSync(STILLS, { recursive: true });
const made = statSync(BRINK).mtimeMs;
for (const name of readdirSync(STILLS)) {
  if (statSync(`${STILLS}/${name}`).mtimeMs <= made) rmSync(`${STILLS}/${name}`);
}
const there = readdirSync(STILLS);
for (const id of figureIds().filter((id) => !there.some((name) => name.startsWith(`figure-${id}.`)))) {
  console.log(`drawing figure ${id}`);
  rmSync(DRAWN, { recursive: true, force: true });
  mkdirSync(DRAWN);
  // Whether its claim holds for this seed does not matter here: `make test` looks at that.
  spawnSync(BRINK, ['figure', id, '--first-seed', SEED, '--svg', `${DRAWN}/figure-${id}.{language}.svg`], { stdio: ['ignore', 'ignore', 'inherit'] });
  const pictures = readdirSync(DRAWN);
  if (pictures.length === 0) throw new Error(`figure ${id} was not drawn`);
  for (const name of pictures) renameSync(`${DRAWN}/${name}`, `${STILLS}/${name}`);
}
