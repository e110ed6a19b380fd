import { createHash, type Hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Pack, pack } from 'tar-stream';
import type { BlobDescriptor, Digest } from './digest.ts';

/** A file or folder of a layer; a file's bytes lie in a spool file. */
export interface LayerEntry {
  readonly path: string;
  readonly type: 'file' | 'directory';
  readonly executable: boolean;
  /** Numeric owner and group. */
  readonly ownerId: number;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** A layer in a file: as the registry calls it, and as the image's config does. */
export interface LayerFile extends BlobDescriptor {
  /** The digest before compression. Unlike the layer's own it doesn't depend on the version of zlib. */
  readonly diffId: Digest;
}

/** Models hardly compress; higher levels cost time only. */
const GZIP_LEVEL = 1;
const CHUNK_BYTES = 256 * 1024;

/**
 * Writes a layer that depends on names, modes and bytes only: sorted, no times, fixed owners, a fixed gzip header.
 *
 * @param spool holds the bodies of `entries` at their offsets.
 */
export const writeLayer = async (
  entries: readonly LayerEntry[],
  spool: FileHandle,
  file: string,
): Promise<LayerFile> => {
  const archive = pack();
  const plain = createHash('sha256');
  const compressed = createHash('sha256');
  let sizeBytes = 0;
  const written = pipeline(
    archive,
    hashing(plain),
    createGzip({ level: GZIP_LEVEL, chunkSize: CHUNK_BYTES }),
    withFixedGzipHeader(),
    hashing(compressed, (byteCount) => {
      sizeBytes += byteCount;
    }),
    createWriteStream(file),
  );
  written.catch(() => {});
  try {
    for (const entry of entries.toSorted(byPath)) await addEntry(archive, entry, spool);
    archive.finalize();
  } catch (error) {
    archive.destroy(error as Error);
    throw error;
  }
  await written;
  return { digest: `sha256:${compressed.digest('hex')}`, diffId: `sha256:${plain.digest('hex')}`, sizeBytes };
};

/** By code units, part by part, so that a folder comes right before what is in it, in every locale. */
const byPath = (left: LayerEntry, right: LayerEntry): number => {
  const [one, other] = [left.path.replaceAll('/', '\0'), right.path.replaceAll('/', '\0')];
  return one < other ? -1 : Number(one > other);
};

const addEntry = async (archive: Pack, entry: LayerEntry, spool: FileHandle): Promise<void> => {
  const { type, path, executable, ownerId, sizeBytes } = entry;
  const fixed = { mtime: new Date(0), uid: ownerId, gid: ownerId, uname: '', gname: '' };
  if (type === 'directory') return addWhole(archive, { ...fixed, name: `${path}/`, type, mode: 0o755 });
  const header = { ...fixed, name: path, type, mode: executable ? 0o755 : 0o644, size: sizeBytes };
  if (sizeBytes > WHOLE_BYTES) return addStreamed(archive, header, spool, entry);
  const bytes = Buffer.allocUnsafe(sizeBytes);
  await readAll(spool, bytes, entry.offset);
  return addWhole(archive, header, bytes);
};

type EntryHeader = Parameters<Pack['entry']>[0];

/** Files up to this size are read in one piece. */
const WHOLE_BYTES = 64 * 1024;

const addWhole = (archive: Pack, header: EntryHeader, bytes?: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    const done = (error?: Error | null) => (error ? reject(error) : resolve());
    if (bytes) archive.entry(header, bytes, done);
    else archive.entry(header, done);
  });

const addStreamed = (archive: Pack, header: EntryHeader, spool: FileHandle, { offset, sizeBytes }: LayerEntry) =>
  pipeline(
    spool.createReadStream({
      start: offset,
      end: offset + sizeBytes - 1,
      autoClose: false,
      highWaterMark: CHUNK_BYTES,
    }),
    archive.entry(header),
  );

const readAll = async (spool: FileHandle, bytes: Buffer, position: number): Promise<void> => {
  for (let filled = 0; filled < bytes.length; ) {
    const { bytesRead } = await spool.read(bytes, filled, bytes.length - filled, position + filled);
    if (bytesRead === 0) throw new Error('The spool file is shorter than its index.');
    filled += bytesRead;
  }
};

const hashing = (hash: Hash, count: (byteCount: number) => void = () => {}): Transform =>
  new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      count(chunk.length);
      done(null, chunk);
    },
  });

/** The tenth byte names the operating system that compressed. */
const GZIP_OS_BYTE = 9;
const UNKNOWN_OS = 255;

const withFixedGzipHeader = (): Transform => {
  let position = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const index = GZIP_OS_BYTE - position;
      if (index >= 0 && index < chunk.length) chunk[index] = UNKNOWN_OS;
      position += chunk.length;
      done(null, chunk);
    },
  });
};
