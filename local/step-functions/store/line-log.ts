import { existsSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Where a line of a journal stands, in bytes. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/**
 * A file of JSON lines that only grows.
 *
 * Lines are written in batches: everything appended while a write is under way goes into the next one. A line that
 * {@link LineLog.flushed} waited for is with the operating system and survives the death of this process by any signal.
 * Nothing is fsynced, so a power cut may lose the last seconds.
 */
export interface LineLog {
  append(record: unknown): Extent;
  /** Resolves when every line appended so far is written. Rejects once the disk refused one; the journal ends there. */
  flushed(): Promise<void>;
  /** The records at places that {@link append} or a load told, one by one. Rejects at one that the disk refused. */
  read(extents: Iterable<Extent>): AsyncGenerator<unknown>;
  /** Writes what is left and lets go of the file; a later append opens it again. */
  release(): Promise<void>;
}

/** The file is made by the first line. */
export const openLineLog = (path: string): LineLog => {
  let end: number | undefined;
  let handle: Promise<FileHandle> | undefined;
  let next: Batch | undefined;
  let current: Batch | undefined;
  let draining: Promise<void> | undefined;
  let broken: { readonly error: unknown } | undefined;

  const file = (): Promise<FileHandle> => {
    handle ??= open(path, 'a+');
    return handle;
  };

  const drain = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    while (next) {
      current = next;
      next = undefined;
      try {
        if (broken) throw broken.error;
        await (await file()).appendFile(current.lines.join(''));
        current.done.resolve();
      } catch (error) {
        broken = { error };
        current.done.reject(error);
      }
      current = undefined;
    }
    draining = undefined;
  };

  const flushed = (): Promise<void> => (next ?? current)?.done.promise ?? Promise.resolve();

  return {
    append(record) {
      const line = `${JSON.stringify(record)}\n`;
      end ??= existsSync(path) ? statSync(path).size : 0;
      const extent = { offset: end, length: Buffer.byteLength(line) };
      end += extent.length;
      next ??= newBatch();
      next.lines.push(line);
      draining ??= drain();
      return extent;
    },
    flushed,
    async *read(extents) {
      await flushed();
      const reader = await open(path, 'r');
      try {
        for (const { offset, length } of extents) {
          const buffer = Buffer.allocUnsafe(length);
          const { bytesRead } = await reader.read(buffer, 0, length, offset);
          if (bytesRead < length && broken) throw broken.error;
          yield JSON.parse(buffer.toString('utf8'));
        }
      } finally {
        await reader.close();
      }
    },
    async release() {
      while (draining) await draining;
      const opened = handle;
      handle = undefined;
      // What could not be opened is told by `flushed`, and has nothing to close.
      await (await opened?.catch(() => undefined))?.close();
    },
  };
};

interface Batch {
  readonly lines: string[];
  readonly done: PromiseWithResolvers<void>;
}

const newBatch = (): Batch => {
  const done = Promise.withResolvers<void>();
  done.promise.catch(() => {}); // nobody may be waiting for it
  return { lines: [], done };
};
