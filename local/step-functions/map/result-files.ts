import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { WriterConfig } from '../definition/asl.ts';
import type { Json } from '../json.ts';

/** What became of the children in a file of results; `FAILED` are those that failed, timed out or were aborted. */
export type Fate = 'SUCCEEDED' | 'FAILED' | 'PENDING';

export interface ResultFile {
  readonly fate: Fate;
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

/** Files of results in a folder, one series a fate: `SUCCEEDED_0.json`, `SUCCEEDED_1.json`, … */
export interface ResultFiles {
  add(fate: Fate, result: Json): Promise<void>;
  /** Ends the files; they are whole now. */
  end(): Promise<ResultFile[]>;
}

/** @param maxBytes after this many bytes a series goes on in its next file; AWS takes 5 GB. */
export const openResultFiles = (
  folder: string,
  { OutputType = 'JSON' }: WriterConfig,
  maxBytes = 5_000_000_000,
): ResultFiles => {
  const format = FORMATS[OutputType];
  const open = new Map<Fate, OpenFile>();
  const ended: Promise<ResultFile>[] = [];
  const counts: Record<Fate, number> = { SUCCEEDED: 0, FAILED: 0, PENDING: 0 };

  const begin = (fate: Fate): OpenFile => {
    const name = `${fate}_${counts[fate]++}.${format.extension}`;
    const path = join(folder, name);
    const file = { fate, name, path, stream: createWriteStream(path), bytes: 0 };
    open.set(fate, file);
    return file;
  };
  const end = async ({ fate, name, path, stream }: OpenFile): Promise<ResultFile> => {
    stream.end(format.closing);
    await finished(stream);
    return { fate, name, path, bytes: (await stat(path)).size };
  };
  return {
    async add(fate, result) {
      const text = JSON.stringify(result);
      let file = open.get(fate);
      if (file && file.bytes + text.length > maxBytes) {
        ended.push(end(file));
        file = undefined;
      }
      file ??= begin(fate);
      const hasRoom = file.stream.write(`${file.bytes === 0 ? format.opening : format.between}${text}`);
      file.bytes += Buffer.byteLength(text) + 1;
      if (!hasRoom) await once(file.stream, 'drain');
    },
    end: () => Promise.all([...ended, ...[...open.values()].map(end)]),
  };
};

interface OpenFile extends ResultFile {
  readonly stream: WriteStream;
  bytes: number;
}

const FORMATS = {
  JSON: { opening: '[', between: ',', closing: ']', extension: 'json' },
  JSONL: { opening: '', between: '\n', closing: '\n', extension: 'jsonl' },
} as const;
