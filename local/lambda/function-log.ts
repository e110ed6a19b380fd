import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** One file a function, to which all of its environments append as they print. */
export interface FunctionLogs {
  write(functionName: string, chunk: string | Buffer): void;
  close(): Promise<void>;
}

export const openFunctionLogs = async (folder: string): Promise<FunctionLogs> => {
  await mkdir(folder, { recursive: true });
  const files = new Map<string, WriteStream>();
  const fileOf = (functionName: string): WriteStream => {
    const file = files.get(functionName) ?? createWriteStream(join(folder, `${functionName}.log`), { flags: 'a' });
    files.set(functionName, file);
    return file;
  };
  return {
    write: (functionName, chunk) => void fileOf(functionName).write(chunk),
    async close() {
      await Promise.all([...files.values()].map((file) => new Promise<void>((resolve) => file.end(() => resolve()))));
    },
  };
};

/** How many bytes of an invocation's log `LogType: Tail` returns: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
const TAIL_BYTES = 4096;

/** What one environment prints, with Lambda's lines around each invocation, and the end of the current one's. */
export interface EnvironmentLog {
  start(requestId: string): void;
  print(chunk: Buffer): void;
  /** A line of the platform itself, such as why an invocation failed. */
  note(requestId: string, text: string): void;
  /** Returns the last 4 KB of the invocation's log. */
  end(report: Report): Buffer;
}

export interface Report {
  readonly requestId: string;
  readonly durationMs: number;
  readonly memorySizeMb: number;
  /** Unknown of a process that died. */
  readonly maxMemoryMb?: number;
  /** Only of an environment's first invocation. */
  readonly initDurationMs?: number;
  readonly status?: 'error' | 'timeout';
}

export const environmentLog = (write: (chunk: string | Buffer) => void): EnvironmentLog => {
  let tail = Buffer.alloc(0);
  let atLineStart = true;
  const print = (chunk: Buffer): void => {
    if (chunk.length === 0) return;
    atLineStart = chunk.at(-1) === NEWLINE;
    tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES);
    write(chunk);
  };
  const line = (text: string): void => print(Buffer.from(`${atLineStart ? '' : '\n'}${text}\n`));
  return {
    start(requestId) {
      tail = Buffer.alloc(0);
      line(`START RequestId: ${requestId} Version: $LATEST`);
    },
    print,
    note: (requestId, text) => line(`${new Date().toISOString()} ${requestId} ${text}`),
    end(report) {
      line(`END RequestId: ${report.requestId}`);
      line(reportLine(report));
      return tail;
    },
  };
};

const NEWLINE = 0x0a;

const reportLine = (report: Report): string =>
  [
    `REPORT RequestId: ${report.requestId}`,
    `Duration: ${report.durationMs.toFixed(2)} ms`,
    `Billed Duration: ${Math.ceil(report.durationMs + (report.initDurationMs ?? 0))} ms`,
    `Memory Size: ${report.memorySizeMb} MB`,
    ...(report.maxMemoryMb === undefined ? [] : [`Max Memory Used: ${report.maxMemoryMb} MB`]),
    ...(report.initDurationMs === undefined ? [] : [`Init Duration: ${report.initDurationMs.toFixed(2)} ms`]),
    ...(report.status === undefined ? [] : [`Status: ${report.status}`]),
  ].join('\t');
