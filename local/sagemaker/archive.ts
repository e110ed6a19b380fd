import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, mkdir, readdir } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { Header, Pack } from 'tar-stream';
import { extract as tarExtract, pack as tarPack } from 'tar-stream';

/** An archive that is damaged, too big, or would write outside its folder. Nothing of it should be used. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
}

export interface ArchiveLimits {
  readonly maxEntryCount: number;
  readonly maxTotalBytes: number;
}

/** Wide enough for any model that fits a laptop's disk, narrow enough to stop a bomb. */
const LIMITS: ArchiveLimits = { maxEntryCount: 100_000, maxTotalBytes: 8 * 1024 ** 3 };

/**
 * Unpacks a gzip tar of plain files and folders into an existing `folder`.
 *
 * Refused are names that leave the folder, links, devices, repeated names, and archives beyond the limits.
 * Owners, times and special permission bits are not restored.
 *
 * @throws ArchiveError naming the offending entry.
 */
export const unpackArchive = async (
  archive: Readable,
  folder: string,
  limits: ArchiveLimits = LIMITS,
): Promise<void> => {
  const budget = new Budget(limits);
  const extract = tarExtract();
  const reading = pipeline(archive, createGunzip(), budget.countBytes(), extract);
  reading.catch(() => {});
  try {
    for await (const entry of extract) {
      budget.countEntry();
      await writeEntry(entry.header, entry, resolve(folder));
    }
    await reading;
  } catch (error) {
    extract.destroy();
    archive.destroy();
    throw error instanceof ArchiveError
      ? error
      : new ArchiveError(`The archive can't be unpacked as tar.gz: ${(error as Error).message}`, { cause: error });
  }
};

/**
 * Packs a folder's contents as a gzip tar that depends on names and bytes only: sorted, without owners and times.
 *
 * @throws ArchiveError for a link, socket or device in the folder.
 */
export const packArchive = async (folder: string, file: string): Promise<void> => {
  const pack = tarPack();
  await Promise.all([pipeline(pack, createGzip(), createWriteStream(file)), addFolder(pack, folder)]);
};

class Budget {
  readonly #limits: ArchiveLimits;
  #entryCount = 0;
  #totalBytes = 0;

  constructor(limits: ArchiveLimits) {
    this.#limits = limits;
  }

  countEntry(): void {
    this.#entryCount += 1;
    if (this.#entryCount > this.#limits.maxEntryCount) {
      throw new ArchiveError(`The archive has more than ${this.#limits.maxEntryCount} entries.`);
    }
  }

  countBytes(): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        this.#totalBytes += chunk.length;
        if (this.#totalBytes <= this.#limits.maxTotalBytes) return done(null, chunk);
        return done(new ArchiveError(`The archive unpacks to more than ${this.#limits.maxTotalBytes} bytes.`));
      },
    });
  }
}

const writeEntry = async (
  { name, type, mode }: Header,
  bytes: AsyncIterable<unknown>,
  folder: string,
): Promise<void> => {
  const path = containedPath(folder, name);
  if (type === 'directory') {
    await mkdir(path, { recursive: true });
    for await (const _ of bytes) throw new ArchiveError(`The archive's folder "${name}" has a body.`);
  } else if (type === 'file' || type === 'contiguous-file') {
    if (path === folder) throw new ArchiveError(`The archive's entry "${name}" is a file without a name.`);
    await mkdir(dirname(path), { recursive: true });
    const output = createWriteStream(path, { flags: 'wx', mode: mode & 0o111 ? 0o755 : 0o644 });
    await pipeline(bytes, output).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'EEXIST' ? new ArchiveError(`The archive has the entry "${name}" twice.`) : error;
    });
  } else {
    throw new ArchiveError(`The archive's entry "${name}" is a ${type}; only files and folders are unpacked.`);
  }
};

const containedPath = (folder: string, name: string): string => {
  const path = resolve(folder, name);
  const segments = name.split(/[/\\]/);
  if (name.startsWith('/') || name.includes('\0') || name.includes('\\') || segments.includes('..')) {
    throw new ArchiveError(`The archive's entry "${name}" would leave its folder.`);
  }
  if (path !== folder && !path.startsWith(folder + sep)) {
    throw new ArchiveError(`The archive's entry "${name}" would leave its folder.`);
  }
  return path;
};

const addFolder = async (pack: Pack, folder: string): Promise<void> => {
  try {
    for (const path of (await readdir(folder, { recursive: true })).sort()) await addEntry(pack, folder, path);
    pack.finalize();
  } catch (error) {
    pack.destroy(error as Error);
    throw error;
  }
};

const addEntry = async (pack: Pack, folder: string, path: string): Promise<void> => {
  const file = join(folder, path);
  const stats = await lstat(file);
  const header = { name: relative(folder, file).split(sep).join('/'), mtime: new Date(0), uid: 0, gid: 0 };
  if (stats.isDirectory()) {
    await new Promise<void>((resolve, reject) => {
      pack.entry({ ...header, type: 'directory', mode: 0o755 }, (error) => (error ? reject(error) : resolve()));
    });
  } else if (stats.isFile()) {
    const mode = stats.mode & 0o111 ? 0o755 : 0o644;
    await pipeline(createReadStream(file), pack.entry({ ...header, type: 'file', mode, size: stats.size }));
  } else {
    throw new ArchiveError(`"${path}" is neither a file nor a folder; links, sockets and devices are not packed.`);
  }
};
