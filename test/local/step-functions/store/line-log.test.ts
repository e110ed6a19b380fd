import { mkdir, mkdtemp, rename, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Extent, openLineLog } from '#local/step-functions/store/line-log.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'line-log-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('gives back what was written, and of a line that the disk refused the reason', async () => {
  const path = join(folder, 'journal.jsonl');
  const log = openLineLog(path);
  const read = async (extent: Extent) => (await log.read([extent]).next()).value;
  const written = log.append({ line: 'written' });
  await log.flushed();
  await log.release();

  await rename(path, `${path}.away`);
  await mkdir(path);
  const refused = log.append({ line: 'refused' });
  await expect(log.flushed()).rejects.toThrow('EISDIR');
  await rmdir(path);
  await rename(`${path}.away`, path);

  expect(await read(written)).toEqual({ line: 'written' });
  await expect(read(refused)).rejects.toThrow('EISDIR');
  await log.release();
});
