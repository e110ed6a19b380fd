import { randomUUID } from 'node:crypto';
import { closeSync, createWriteStream, fstatSync, linkSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/**
 * The bytes of objects and parts, one file each, named at random and never changed once written. No key has a say in a
 * name, so no key can leave the folder, be too long for it or meet another in a file system that ignores case.
 * A file counts only when the index names it; until then it is invisible.
 */
export interface DataFiles {
  /** Streams into a new file and returns its name; when the source fails, nothing is left. */
  write(source: AsyncIterable<Uint8Array>): Promise<string>;
  /** Gives the bytes of a file a second name, without copying: files never change. */
  link(name: string): string;
  /**
   * A descriptor that keeps reading the same bytes, also when the file is removed meanwhile.
   *
   * @throws when the file is gone or, after a power cut, has another size than the index says.
   */
  open(name: string, sizeBytes: number): number;
  remove(names: Iterable<string>): Promise<void>;
}

/** @param isReferenced tells the files that count from those that a crash left behind, which are removed. */
export const openDataFiles = async (dir: string, isReferenced: (name: string) => boolean): Promise<DataFiles> => {
  mkdirSync(dir, { recursive: true });
  const path = (name: string) => join(dir, name);
  const remove = async (names: Iterable<string>): Promise<void> => {
    for (const name of names) await rm(path(name), { force: true });
  };
  await remove(readdirSync(dir).filter((name) => !isReferenced(name)));
  return {
    remove,
    async write(source) {
      const name = randomUUID();
      try {
        await pipeline(source, createWriteStream(path(name), { flags: 'wx', highWaterMark: WRITE_BUFFER_BYTES }));
        return name;
      } catch (error) {
        await remove([name]);
        throw error;
      }
    },
    link(name) {
      const copy = randomUUID();
      linkSync(path(name), path(copy));
      return copy;
    },
    open(name, sizeBytes) {
      const descriptor = openSync(path(name), 'r');
      const foundBytes = fstatSync(descriptor).size;
      if (foundBytes === sizeBytes) return descriptor;
      closeSync(descriptor);
      throw new Error(
        `The data file ${path(name)} has ${foundBytes} bytes instead of ${sizeBytes}; the object is lost.`,
      );
    },
  };
};

/** Socket chunks of 64 KB are gathered, so that fewer and larger writes reach the disk. */
const WRITE_BUFFER_BYTES = 1024 * 1024;
