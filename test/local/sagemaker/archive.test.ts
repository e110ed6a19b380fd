import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { Header } from 'tar-stream';
import { pack as tarPack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packArchive, unpackArchive } from '#local/sagemaker/archive.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archive-test-'));
  await mkdir(join(folder, 'target'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

type Entry = Partial<Header> & { readonly name: string; readonly body?: string };

/** A tar.gz of any entries, also of those that no honest program writes. */
const archiveOf = async (...entries: readonly Entry[]): Promise<Buffer> => {
  const pack = tarPack();
  for (const { body = '', ...header } of entries) {
    if (header.type === undefined || header.type === 'file') pack.entry(header, body);
    else pack.entry(header);
  }
  pack.finalize();
  return gzipSync(await buffer(pack as unknown as Readable));
};

const unpack = (archive: Buffer, limits?: { maxEntryCount: number; maxTotalBytes: number }) =>
  unpackArchive(Readable.from([archive]), join(folder, 'target'), limits);

describe('an archive', () => {
  it('is unpacked with its folders, its executable bits and nothing else of its header', async () => {
    await unpack(
      await archiveOf(
        { name: './a/', type: 'directory' },
        { name: './a/b.txt', body: 'text' },
        { name: 'run.sh', body: '#!', mode: 0o4777 },
      ),
    );

    expect(await readFile(join(folder, 'target', 'a', 'b.txt'), 'utf8')).toBe('text');
    expect((await stat(join(folder, 'target', 'run.sh'))).mode & 0o7777).toBe(0o755);
    expect((await stat(join(folder, 'target', 'a', 'b.txt'))).mode & 0o7777).toBe(0o644);
  });

  it('comes out as it went in, whatever the names and bytes', async () => {
    const name = fc.stringMatching(/^[a-zA-Z0-9 _.é-]{1,20}$/).filter((text) => !/^\.+$/.test(text));
    const files = fc.dictionary(
      fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
      fc.uint8Array({ maxLength: 2000 }),
      {
        maxKeys: 5,
      },
    );

    await fc.assert(
      fc.asyncProperty(files, async (content) => {
        const source = await mkdtemp(join(folder, 'source-'));
        const target = await mkdtemp(join(folder, 'copy-'));
        const written: [string, Uint8Array][] = [];
        for (const [path, bytes] of Object.entries(content)) {
          try {
            await mkdir(join(source, path, '..'), { recursive: true });
            await writeFile(join(source, path), bytes);
            written.push([path, bytes]);
          } catch {
            // One name is a file of another's folder, which no file system holds.
          }
        }

        await packArchive(source, join(folder, 'archive.tar.gz'));
        await unpackArchive(Readable.from([await readFile(join(folder, 'archive.tar.gz'))]), target);

        for (const [path, bytes] of written) expect(new Uint8Array(await readFile(join(target, path)))).toEqual(bytes);
      }),
      { numRuns: 25 },
    );
  });

  it('is the same for the same files, whenever they were written', async () => {
    for (const name of ['first', 'second']) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'b'), 'b');
      await writeFile(join(folder, name, 'a'), 'a');
      await packArchive(join(folder, name), join(folder, `${name}.tar.gz`));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }

    expect(await readFile(join(folder, 'first.tar.gz'))).toEqual(await readFile(join(folder, 'second.tar.gz')));
  });

  it('is not made of a folder with links', async () => {
    await mkdir(join(folder, 'source'));
    await symlink('/etc/passwd', join(folder, 'source', 'model.pkl'));

    await expect(packArchive(join(folder, 'source'), join(folder, 'archive.tar.gz'))).rejects.toMatchObject({
      name: 'ArchiveError',
      message: expect.stringContaining('"model.pkl" is neither a file nor a folder'),
    });
  });
});

describe('a hostile archive is refused, and writes nothing outside its folder', () => {
  it.each<[string, Entry[]]>([
    ['a path with ..', [{ name: '../escape', body: 'x' }]],
    ['.. further in', [{ name: 'a/../../escape', body: 'x' }]],
    ['an absolute path', [{ name: '/tmp/escape', body: 'x' }]],
    ['a path with backslashes', [{ name: '..\\escape', body: 'x' }]],
    ['a folder outside', [{ name: '../escape', type: 'directory' }]],
    ['a neighbour with the same beginning', [{ name: '../target-2/escape', body: 'x' }]],
    ['a symbolic link', [{ name: 'link', type: 'symlink', linkname: '/etc' }]],
    ['a hard link', [{ name: 'link', type: 'link', linkname: '/etc/passwd' }]],
    ['a device', [{ name: 'device', type: 'character-device', devmajor: 1, devminor: 5 }]],
    ['a fifo', [{ name: 'fifo', type: 'fifo' }]],
    [
      'a name twice',
      [
        { name: 'a', body: '1' },
        { name: './a', body: '2' },
      ],
    ],
    [
      'a file where a folder is',
      [
        { name: 'a/b', body: '1' },
        { name: 'a', body: '2' },
      ],
    ],
    [
      'a file below a file',
      [
        { name: 'a', body: '1' },
        { name: 'a/b', body: '2' },
      ],
    ],
    ['a file without a name', [{ name: './', type: 'file', body: '1' }]],
  ])('%s', async (_name, entries) => {
    await expect(unpack(await archiveOf(...entries))).rejects.toMatchObject({ name: 'ArchiveError' });

    expect(await readdir(folder)).toEqual(['target']);
  });

  it('a bomb of bytes, before it has filled the disk', async () => {
    const archive = await archiveOf({ name: 'bomb', body: '\0'.repeat(64 * 1024 * 1024) });

    const unpacking = unpack(archive, { maxEntryCount: 10, maxTotalBytes: 1024 * 1024 });

    await expect(unpacking).rejects.toMatchObject({
      name: 'ArchiveError',
      message: 'The archive unpacks to more than 1048576 bytes.',
    });
    expect((await stat(join(folder, 'target', 'bomb'))).size).toBeLessThan(2 * 1024 * 1024);
  });

  it('a bomb of entries', async () => {
    const entries = Array.from({ length: 30 }, (_, index) => ({ name: `file-${index}`, body: 'x' }));

    await expect(unpack(await archiveOf(...entries), { maxEntryCount: 10, maxTotalBytes: 1e9 })).rejects.toMatchObject({
      message: 'The archive has more than 10 entries.',
    });
  });

  it.each([
    ['no gzip', Buffer.from('this is no archive')],
    ['nothing', Buffer.alloc(0)],
    ['gzip of something else', gzipSync('this is no archive, but long enough to be mistaken for one'.repeat(20))],
  ])('%s', async (_name, archive) => {
    await expect(unpack(archive)).rejects.toMatchObject({ name: 'ArchiveError' });
  });

  it('a truncated one', async () => {
    const whole = await archiveOf({ name: 'a', body: 'x'.repeat(100_000) });

    await expect(unpack(whole.subarray(0, whole.length - 20))).rejects.toMatchObject({ name: 'ArchiveError' });
  });
});
