import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openJournal } from '#local/journal.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'journal-'));
});

afterEach(() => rm(folder, { recursive: true }));

it('finds after a restart what was put and not removed, in the order of the ids', async () => {
  const before = await openJournal<{ n: number }>(folder);
  await before.put('2', { n: 2 });
  await before.put('1', { n: 1 });
  await before.put('3', { n: 3 });
  await before.put('1', { n: 10 });
  await before.remove('3');

  const after = await openJournal<{ n: number }>(folder);

  expect(await after.pending()).toEqual([
    { id: '1', entry: { n: 10 } },
    { id: '2', entry: { n: 2 } },
  ]);
});

it('skips what a crash left half written', async () => {
  const journal = await openJournal<string>(folder);
  await journal.put('1', 'whole');
  await writeFile(join(folder, '2.json.part'), '"half');
  await writeFile(join(folder, '3.json'), '"half');

  expect(await journal.pending()).toEqual([{ id: '1', entry: 'whole' }]);
});

it('does not mind the removal of what is not there', async () => {
  const journal = await openJournal<string>(folder);

  await expect(journal.remove('1')).resolves.toBeUndefined();
});
