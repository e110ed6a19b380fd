import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { posix } from 'node:path';
import { pipeline, type Readable, Transform } from 'node:stream';
import { UnsafeArchiveError } from '#shared/errors.ts';
import { type ArchiveLimits, archiveEntries } from './archive-entries.ts';
import type { LayerEntry } from './layer-file.ts';

/** Where an archive's entries go in an image. */
interface Place {
  /** An absolute path. */
  readonly root: string;
  readonly ownerId: number;
}

/** The files of a layer to be: an index in memory, and the bytes in a spool file. No name of an archive becomes a path here. */
export interface LayerTree {
  /** Adds an archive's entries below a folder, over those of an earlier archive; returns the archive's SHA-256. */
  addArchive(archive: Readable, name: string, place: Place): Promise<string>;
  /** True for a file. */
  has(absolutePath: string): boolean;
  fileCount(): number;
  entries(): LayerEntry[];
}

export const layerTree = (spool: FileHandle, limits: ArchiveLimits): LayerTree => {
  const entries = new Map<string, LayerEntry>();
  let spooledBytes = 0;

  const addFolder = (path: string, { root, ownerId }: Place, name: string): void => {
    if (path === '.') return;
    const known = entries.get(path);
    if (known?.type === 'file') throw conflict(name, path);
    if (known) return;
    addFolder(posix.dirname(path), { root, ownerId }, name);
    const isBelowRoot = path === root.slice(1) || path.startsWith(`${root.slice(1)}/`);
    entries.set(path, { ...FOLDER, path, ownerId: isBelowRoot ? ownerId : 0 });
  };

  const spoolBody = async (body: AsyncIterable<Buffer>): Promise<Pick<LayerEntry, 'offset' | 'sizeBytes'>> => {
    const offset = spooledBytes;
    for await (const chunk of body) {
      await spool.write(chunk, 0, chunk.length, spooledBytes);
      spooledBytes += chunk.length;
    }
    return { offset, sizeBytes: spooledBytes - offset };
  };

  return {
    async addArchive(archive, name, place) {
      const hash = createHash('sha256');
      addFolder(place.root.slice(1), place, name);
      const bytes = pipeline(archive, hashing(hash), () => {});
      for await (const { path: entryPath, type, executable, body } of archiveEntries(bytes, name, limits)) {
        const path = posix.join(place.root.slice(1), entryPath);
        if (type === 'directory') {
          addFolder(path, place, name);
          continue;
        }
        addFolder(posix.dirname(path), place, name);
        if (entries.get(path)?.type === 'directory') throw conflict(name, path);
        entries.set(path, { path, type, executable, ownerId: place.ownerId, ...(await spoolBody(body)) });
      }
      return hash.digest('hex');
    },
    has: (absolutePath) => entries.get(absolutePath.slice(1))?.type === 'file',
    fileCount: () => [...entries.values()].filter(({ type }) => type === 'file').length,
    entries: () => [...entries.values()],
  };
};

const FOLDER = { type: 'directory', executable: false, offset: 0, sizeBytes: 0 } as const;

const conflict = (name: string, path: string): UnsafeArchiveError =>
  new UnsafeArchiveError(`${name} has /${path} both as a file and as a folder. Nothing of it is used.`);

const hashing = (hash: Hash): Transform =>
  new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
