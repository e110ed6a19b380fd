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
  /**
   * Appends lines at once, in order; what was appended can be read as soon as this returns. Lines that the disk doesn't take are
   * lost, as they are on AWS where an agent can't deliver them: nothing ends for want of its log. The next ones say so.
   */
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
  const lost = new Map<string, Lost>();
  return {
    append(group, stream, lines) {
      if (lines.length === 0) return;
      const file = streamFile(group, stream);
      const before = lost.get(file);
      try {
        mkdirSync(groupFolder(group), { recursive: true });
        appendFileSync(file, `${before ? told(before) : ''}${linesOf(lines)}`);
        lost.delete(file);
      } catch (error) {
        lost.set(file, { count: (before?.count ?? 0) + lines.length, reason: (error as Error).message });
      }
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
          const event = parseLine(line);
          if (event) yield event;
        }
      } finally {
        input.destroy();
      }
    },
  };
};

interface Lost {
  readonly count: number;
  readonly reason: string;
}

/** On a line of its own, because the disk may have taken the beginning of another. */
const told = ({ count, reason }: Lost): string =>
  `\n${linesOf([`WARNING: ${count} lines are missing here: ${reason}`])}`;

const linesOf = (lines: readonly string[]): string => {
  const timestamp = Date.now();
  return lines.map((line) => asJsonLine(timestamp, line)).join('');
};

/** Undefined for what a full disk, or the end of the machine, has left of a line. */
const parseLine = (line: string): LogEvent | undefined => {
  try {
    return JSON.parse(line) as LogEvent;
  } catch {
    return undefined;
  }
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
