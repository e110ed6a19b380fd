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

/** Names longer than a tar header's come in entries of their own, which the reader holds in memory. */
const MAX_METADATA_BYTES = 1024 * 1024;

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
  const budget = archiveBudget(limits);
  const entries = extract();
  const reading = pipeline(archive, createGunzip(), budget.gate, entries);
  reading.catch(() => {});
  const seen = new Map<string, ArchiveEntry['type']>();
  try {
    for await (const stream of entries) {
      budget.beginEntry();
      yield { ...checkedEntry(stream.header, seen), body: stream as unknown as AsyncIterable<Buffer> };
      budget.endEntry();
    }
    await reading;
  } catch (error) {
    throw asUnsafe(error, name);
  } finally {
    entries.destroy();
    archive.destroy();
  }
}

class Refused extends Error {}

const archiveBudget = ({ maxEntryCount, maxTotalBytes }: ArchiveLimits) => {
  let entryCount = 0;
  let totalBytes = 0;
  let metadataBytes = 0;
  let inEntry = false;
  const gate = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      totalBytes += chunk.length;
      metadataBytes = inEntry ? 0 : metadataBytes + chunk.length;
      if (totalBytes > maxTotalBytes) return done(new Refused(`unpacks to more than ${maxTotalBytes} bytes`));
      if (metadataBytes > MAX_METADATA_BYTES) {
        return done(new Refused(`has more than ${MAX_METADATA_BYTES} bytes between two entries`));
      }
      return done(null, chunk);
    },
  });
  return {
    gate,
    beginEntry() {
      entryCount += 1;
      inEntry = true;
      if (entryCount > maxEntryCount) throw new Refused(`has more than ${maxEntryCount} entries`);
    },
    endEntry() {
      inEntry = false;
      metadataBytes = 0;
    },
  };
};

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

const asUnsafe = (error: unknown, name: string): unknown => {
  if (error instanceof Refused) {
    return new UnsafeArchiveError(`${name} ${error.message}. Nothing of it was unpacked.`, { cause: error });
  }
  const { code, message } = error as NodeJS.ErrnoException;
  const damaged = code?.startsWith('Z_') || /tar|unexpected end/i.test(message);
  return damaged ? new UnsafeArchiveError(`${name} is not a valid tar.gz: ${message}.`, { cause: error }) : error;
};
