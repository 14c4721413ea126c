// The pictures of the figures that stand on the page until they are run: `brink figure ID --svg` draws each, of seed 0, into
// target/stills. Trunk runs this before it builds the page. It builds the program first; a picture that is newer than the
// program stays, for training them all takes half a minute.
// Usage: node .ci/stills.mjs
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { BRINK, figureIds } from './figures.mjs';

const STILLS = 'target/stills';

execFileSync('cargo', ['build', '--quiet', '--locked', '--release', '-p', 'brink-cli'], { stdio: 'inherit' });
mkdirSync(STILLS, { recursive: true });
const names = figureIds().map((id) => [id, `figure-${id}.svg`]);
for (const other of readdirSync(STILLS)) {
  if (!names.some(([, name]) => name === other)) rmSync(`${STILLS}/${other}`);
}
const made = statSync(BRINK).mtimeMs;
for (const [id, name] of names) {
  const path = `${STILLS}/${name}`;
  if (existsSync(path) && statSync(path).mtimeMs > made) continue;
  console.log(`drawing figure ${id}`);
  // One seed need not bear the claim out: that is what `make test` is for. Half a picture is never left behind.
  try {
    execFileSync(BRINK, ['figure', id, '--svg', `${path}.new`], { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    if (!existsSync(`${path}.new`)) throw error;
  }
  renameSync(`${path}.new`, path);
}
