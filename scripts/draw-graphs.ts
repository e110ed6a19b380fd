// Draws the state machines to docs/statemachines/*.svg: `npm run graphs`, after a change of a definition.

import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { draw, pictureOf } from './graphs/draw.ts';

const rootDir = join(import.meta.dirname, '..');
for (const file of await readdir(join(rootDir, 'statemachines'))) {
  if (!file.endsWith('.asl.json')) continue;
  const name = file.replace('.asl.json', '');
  const picture = pictureOf(rootDir, name);
  await mkdir(dirname(picture), { recursive: true });
  await writeFile(picture, await draw(rootDir, name));
}
