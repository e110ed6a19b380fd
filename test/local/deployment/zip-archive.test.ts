import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unzip, zipEntries } from '#local/deployment/zip-archive.ts';
import { zip } from './zip.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zip-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a zip archive', () => {
  it.each([0, 8])('is unpacked with its folders (method %i)', async (method) => {
    const file = join(folder, 'a.zip');
    await writeFile(file, zip({ 'top.txt': 'top', 'a/b/deep.txt': 'deep '.repeat(1000) }, method));

    await unzip(file, join(folder, 'out'));

    expect(await readFile(join(folder, 'out', 'top.txt'), 'utf8')).toBe('top');
    expect(await readFile(join(folder, 'out', 'a', 'b', 'deep.txt'), 'utf8')).toBe('deep '.repeat(1000));
  });

  it('tells sizes before anything is unpacked', () => {
    expect(zipEntries(zip({ 'x.txt': 'hello' })).map(({ path, sizeBytes }) => [path, sizeBytes])).toEqual([
      ['x.txt', 5],
    ]);
  });

  it.each(['../out.txt', '/etc/out.txt', 'a/../../out.txt'])('is refused when it holds %s', async (path) => {
    const file = join(folder, 'a.zip');
    await writeFile(file, zip({ [path]: 'x' }));

    await expect(unzip(file, join(folder, 'out'))).rejects.toThrow(/leads out of the archive/);
  });

  it('is refused when it is none, or packed in an unknown way', () => {
    expect(() => zipEntries(Buffer.from('hello'))).toThrow(/Not a zip archive/);
    expect(() => zipEntries(zip({ a: 'b' }, 9))[0]!.read()).toThrow(/packed by a method/);
  });
});
