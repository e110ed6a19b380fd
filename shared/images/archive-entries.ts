import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { UnsafeArchiveError } from '#shared/errors.ts';

export interface ArchiveLimits {
  readonly maxEntryCount: number;
  /** Unpacked, headers and padding included. */
  readonly maxTotalBytes: number;
}

/** A file or folder of an archive. A file's body must be read before the next entry is asked for. */
export interface ArchiveEntry {
  /** Relative, with `/` between its parts and none at its ends; empty for the archive's own root folder. */
  readonly path: string;
  readonly type: 'file' | 'directory';
  readonly executable: boolean;
  readonly body: AsyncIterable<Buffer>;
}

/** zlib's own default of 16 KiB costs most of the time in hand-overs. */
const CHUNK_BYTES = 256 * 1024;

/** PATH_MAX of Linux. */
const MAX_PATH_BYTES = 4096;

/**
 * Reads a tar.gz that somebody else made: entry by entry, nothing touches a file system here.
 *
 * Refused are paths that leave the folder, links, devices, setuid and setgid files, names that come twice, whiteouts (which
 * would delete files of the base image), and archives beyond the limits.
 *
 * @param name how the messages call the archive.
 * @throws UnsafeArchiveError naming the archive and the entry.
 */
export async function* archiveEntries(
  archive: Readable,
  name: string,
  limits: ArchiveLimits,
): AsyncGenerator<ArchiveEntry> {
  let unreadable: unknown;
  archive.once('error', (error) => {
    unreadable = error;
  });
  const asUnsafe = (error: unknown): unknown => (error === unreadable ? error : unsafe(error, name));
  const entries = extract();
  const reading = pipeline(archive, createGunzip({ chunkSize: CHUNK_BYTES }), limited(limits.maxTotalBytes), entries);
  reading.catch(() => {});
  const seen = new Map<string, ArchiveEntry['type']>();
  let entryCount = 0;
  try {
    for await (const stream of entries) {
      entryCount += 1;
      if (entryCount > limits.maxEntryCount) throw new Refused(`has more than ${limits.maxEntryCount} entries`);
      yield { ...checkedEntry(stream.header, seen), body: translated(stream, asUnsafe) };
    }
    await reading;
  } catch (error) {
    throw asUnsafe(error);
  } finally {
    entries.destroy();
    archive.destroy();
  }
}

/** What is said of the archive in the message that its name is put before. */
class Refused extends Error {}

const limited = (maxTotalBytes: number): Transform => {
  let totalBytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      totalBytes += chunk.length;
      if (totalBytes > maxTotalBytes) done(new Refused(`unpacks to more than ${maxTotalBytes} bytes`));
      else done(null, chunk);
    },
  });
};

async function* translated(bytes: AsyncIterable<unknown>, translate: (error: unknown) => unknown) {
  try {
    for await (const chunk of bytes) yield chunk as Buffer;
  } catch (error) {
    throw translate(error);
  }
}

const checkedEntry = (header: Header, seen: Map<string, ArchiveEntry['type']>): Omit<ArchiveEntry, 'body'> => {
  const { name, mode = 0 } = header;
  const type = typeOf(header);
  const path = checkedPath(name);
  if (type === 'file' && (path === '' || name.endsWith('/')))
    throw new Refused(`has a file without a name: "${shown(name)}"`);
  if (type === 'file' && mode & SET_ID_BITS) throw new Refused(`has the setuid or setgid file "${shown(name)}"`);
  if (seen.has(path) && !(type === 'directory' && seen.get(path) === 'directory')) {
    throw new Refused(`has the entry "${shown(name)}" twice`);
  }
  seen.set(path, type);
  return { path, type, executable: type === 'file' && (mode & 0o111) !== 0 };
};

const SET_ID_BITS = 0o6000;

const typeOf = ({ name, type }: Header): ArchiveEntry['type'] => {
  if (type === 'directory') return 'directory';
  if (type === 'file' || type === 'contiguous-file') return 'file';
  throw new Refused(`has the entry "${shown(name)}", a ${type ?? 'special file'}; only files and folders are taken`);
};

/** Backslashes part folders on other systems; control characters and broken UTF-8 only ever hide something. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const ODD_CHARACTERS = /[\u0000-\u001f\u007f\\\ufffd]/;

const checkedPath = (name: string): string => {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (ODD_CHARACTERS.test(name)) throw new Refused(`has the odd name "${shown(name)}"`);
  if (name.startsWith('/')) throw new Refused(`has the absolute path "${shown(name)}"`);
  if (parts.includes('..')) throw new Refused(`has the path "${shown(name)}", which leaves its folder`);
  if (parts.some((part) => part.startsWith('.wh.'))) {
    throw new Refused(`has the name "${shown(name)}", which would delete files of the base image`);
  }
  const path = parts.join('/');
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw new Refused(`has a path of more than ${MAX_PATH_BYTES} bytes`);
  return path;
};

const shown = (name: string): string => JSON.stringify(name.slice(0, 200)).slice(1, -1);

const unsafe = (error: unknown, name: string): UnsafeArchiveError => {
  if (error instanceof UnsafeArchiveError) return error;
  const problem = error instanceof Refused ? error.message : `is not a valid tar.gz: ${(error as Error).message}`;
  return new UnsafeArchiveError(`${name} ${problem}. Nothing of it is used.`, { cause: error });
};
