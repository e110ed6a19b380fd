import { appendFileSync, createReadStream, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** One line of a log, as CloudWatch Logs gives it. `timestamp` is in epoch milliseconds. */
export interface LogEvent {
  readonly timestamp: number;
  readonly message: string;
}

export interface LogStream {
  readonly group: string;
  readonly name: string;
  /** Bytes on disk. */
  readonly sizeBytes: number;
  /** When the stream was begun and last written, in epoch milliseconds. */
  readonly createdAt: number;
  readonly writtenAt: number;
}

/** CloudWatch Logs gives an event at most this many characters (256 KiB less the 26 bytes it counts for itself). */
const MAX_MESSAGE_CHARACTERS = 262_118;

/** Log groups and their streams under one folder: a folder a group, a file of JSON lines a stream. */
export interface LogFiles {
  /** Appends lines at once, in order; what was appended can be read as soon as this returns. */
  append(group: string, stream: string, lines: readonly string[]): void;
  hasGroup(group: string): boolean;
  hasStream(group: string, stream: string): boolean;
  /** The streams of a group, by name. */
  streams(group: string): LogStream[];
  /** The events of a stream, oldest first, read line by line. */
  read(group: string, stream: string): AsyncIterable<LogEvent>;
}

/** Opens the log files under `folder`, which is made when the first line is written. */
export const openLogFiles = (folder: string): LogFiles => {
  const groupFolder = (group: string) => join(folder, encodeURIComponent(group));
  const streamFile = (group: string, stream: string) => join(groupFolder(group), `${encodeURIComponent(stream)}.jsonl`);
  return {
    append(group, stream, lines) {
      if (lines.length === 0) return;
      mkdirSync(groupFolder(group), { recursive: true });
      const timestamp = Date.now();
      appendFileSync(streamFile(group, stream), lines.map((line) => asJsonLine(timestamp, line)).join(''));
    },
    hasGroup: (group) => existsSync(groupFolder(group)),
    hasStream: (group, stream) => existsSync(streamFile(group, stream)),
    streams: (group) =>
      readdirSync(groupFolder(group))
        .filter((file) => file.endsWith('.jsonl'))
        .map((file) => describeStream(group, groupFolder(group), file))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    async *read(group, stream) {
      const input = createReadStream(streamFile(group, stream));
      try {
        for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
          yield JSON.parse(line) as LogEvent;
        }
      } finally {
        input.destroy();
      }
    },
  };
};

/** Unicode's own line and paragraph separators would end a line for the reader. */
const asJsonLine = (timestamp: number, line: string): string =>
  `${JSON.stringify({ timestamp, message: line.slice(0, MAX_MESSAGE_CHARACTERS) })}\n`
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');

const describeStream = (group: string, folder: string, file: string): LogStream => {
  const { size, birthtimeMs, mtimeMs } = statSync(join(folder, file));
  return {
    group,
    name: decodeURIComponent(file.slice(0, -'.jsonl'.length)),
    sizeBytes: size,
    createdAt: Math.trunc(birthtimeMs),
    writtenAt: Math.trunc(mtimeMs),
  };
};
