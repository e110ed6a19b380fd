import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { inflateRawSync } from 'node:zlib';

export interface ZipEntry {
  /** With forward slashes; of a folder it ends in one. */
  readonly path: string;
  readonly sizeBytes: number;
  /** The unpacked bytes. */
  read(): Buffer;
}

/**
 * The files of a zip archive, as the packaged functions are: stored or deflated, below 4 GB, unencrypted.
 *
 * @throws TypeError for anything else.
 */
export const zipEntries = (archive: Buffer): ZipEntry[] => {
  const end = archive.lastIndexOf(END_OF_DIRECTORY);
  if (end < 0) throw new TypeError('Not a zip archive: its directory is missing.');
  const entries: ZipEntry[] = [];
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    const nameLength = archive.readUInt16LE(at + 28);
    const path = archive.toString('utf8', at + 46, at + 46 + nameLength);
    entries.push({ path, sizeBytes: archive.readUInt32LE(at + 24), read: reader(archive, at, path) });
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return entries;
};

/** Unpacks an archive into a folder. Throws a TypeError for a path that leads out of it. */
export const unzip = async (file: string, folder: string): Promise<void> => {
  for (const entry of zipEntries(await readFile(file))) {
    if (entry.path.endsWith('/')) continue;
    if (normalize(entry.path).startsWith('..') || entry.path.startsWith('/')) {
      throw new TypeError(`${file} holds ${entry.path}, which leads out of the archive.`);
    }
    const path = join(folder, entry.path);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, entry.read());
  }
};

const END_OF_DIRECTORY = Buffer.from([0x50, 0x4b, 0x05, 0x06]);

/** Compression methods of https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, section 4.4.5. */
const METHODS: Readonly<Record<number, (bytes: Buffer) => Buffer>> = { 0: (bytes) => bytes, 8: inflateRawSync };

const reader = (archive: Buffer, at: number, path: string) => (): Buffer => {
  const unpack = METHODS[archive.readUInt16LE(at + 10)];
  if (!unpack) throw new TypeError(`${path} is packed by a method that isn't known here.`);
  const local = archive.readUInt32LE(at + 42);
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  return unpack(archive.subarray(start, start + archive.readUInt32LE(at + 20)));
};
