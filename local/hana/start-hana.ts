import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidSpaceError } from './invalid-space-error.ts';

export interface WarehouseSettings {
  /** Keeps the database file and the certificate. */
  readonly dataDir: string;
  /** Whose `datasphere/` folders fill the warehouse. */
  readonly pipelinesDir: string;
  /** The database user, such as `FLIGHTS#FEDML`. */
  readonly user: string;
  readonly password: string;
  /** 0, the default, lets the system choose. */
  readonly port?: number;
  /** Added to each reply, as a distant warehouse would. */
  readonly replyDelayMs?: number;
}

export interface LaptopWarehouse {
  readonly host: string;
  readonly port: number;
  /** PEM; the client trusts it in place of an authority. */
  readonly certificate: string;
  /** Rolls back what is open and ends the process. Safe to call twice. */
  close(): Promise<void>;
}

/** What the warehouse's process tells its parent. */
export type FromWarehouse =
  | { readonly kind: 'progress'; readonly text: string }
  | { readonly kind: 'ready'; readonly host: string; readonly port: number; readonly certificate: string }
  | { readonly kind: 'failed'; readonly message: string; readonly isInvalidSpace: boolean };

export interface StartOptions {
  /** Hears in a few words what takes time. */
  readonly onProgress?: (text: string) => void;
  /** Kills the process while it starts; a table that is being filled is filled anew by the next start. */
  readonly signal?: AbortSignal;
}

/**
 * Starts the laptop's SAP Datasphere in a process of its own and waits until it takes connections. When that process dies, as
 * by SIGKILL or for want of memory, another one takes its port: what was committed is there, what was open is rolled back.
 */
export const startHana = async (
  settings: WarehouseSettings,
  { onProgress = () => {}, signal }: StartOptions = {},
): Promise<LaptopWarehouse> => {
  const first = await startProcess(settings, onProgress, signal);
  const { host, port, certificate } = first.ready;
  const closing = new AbortController();
  const startNext = () => startProcess({ ...settings, port }, () => {}, closing.signal);
  const ended = keepServing(first, startNext, onProgress, closing.signal);
  return {
    host,
    port,
    certificate,
    async close() {
      closing.abort();
      await ended;
    },
  };
};

/** A start may fail for what passes, such as want of memory. */
const MAX_STARTS = 5;
const PAUSE_MILLISECONDS = 1_000;

/** Resolves when the last process has ended. */
const keepServing = async (
  first: WarehouseProcess,
  startNext: () => Promise<WarehouseProcess>,
  onProgress: (text: string) => void,
  closing: AbortSignal,
): Promise<void> => {
  let serving = first;
  for (;;) {
    const how = await endOf(serving, closing);
    if (closing.aborted) return;
    try {
      serving = await startAgain(startNext, closing);
    } catch (error) {
      if (!closing.aborted) onProgress(`the warehouse ended (${how}) and can't be started again: ${error}`);
      return;
    }
    onProgress(`the warehouse ended (${how}) and was started again`);
  }
};

const startAgain = async (
  startNext: () => Promise<WarehouseProcess>,
  signal: AbortSignal,
): Promise<WarehouseProcess> => {
  for (let starts = 1; ; starts += 1) {
    try {
      return await startNext();
    } catch (error) {
      if (starts === MAX_STARTS) throw error;
      await sleep(PAUSE_MILLISECONDS, undefined, { signal });
    }
  }
};

const endOf = async ({ exited, end }: WarehouseProcess, closing: AbortSignal): Promise<string> => {
  if (closing.aborted) end();
  closing.addEventListener('abort', end, { once: true });
  const how = await exited;
  closing.removeEventListener('abort', end);
  return how;
};

interface WarehouseProcess {
  readonly ready: Ready;
  /** Its exit code or signal. */
  readonly exited: Promise<string>;
  /** Tells it to roll back what is open and exit. */
  readonly end: () => void;
}

const startProcess = async (
  settings: WarehouseSettings,
  onProgress: (text: string) => void,
  signal: AbortSignal | undefined,
): Promise<WarehouseProcess> => {
  signal?.throwIfAborted();
  const child = fork(join(import.meta.dirname, 'process.ts'), { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const exited = once(child, 'exit').then(([code, signal]) => String(signal ?? code));
  const giveUp = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', giveUp);
  try {
    const ready = await readiness(child, settings, onProgress);
    return { ready, exited, end: () => void (child.connected && child.disconnect()) };
  } catch (error) {
    giveUp();
    await exited;
    throw error;
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
};

type Ready = Extract<FromWarehouse, { kind: 'ready' }>;

const readiness = (
  child: ChildProcess,
  settings: WarehouseSettings,
  onProgress: (text: string) => void,
): Promise<Ready> =>
  new Promise((resolve, reject) => {
    const lastWords = tail(child);
    child.on('message', (message: FromWarehouse) => {
      if (message.kind === 'progress') onProgress(message.text);
      if (message.kind === 'ready') resolve(message);
      if (message.kind === 'failed') reject(failure(message));
    });
    child.once('error', reject);
    // "close" comes when what it printed has been read, too.
    child.once('close', (code, signal) =>
      reject(new Error(`The laptop's warehouse ended early (${signal ?? code}).\n${lastWords()}`.trimEnd())),
    );
    child.send(settings);
  });

const failure = ({ message, isInvalidSpace }: Extract<FromWarehouse, { kind: 'failed' }>): Error =>
  isInvalidSpace ? new InvalidSpaceError(message) : new Error(`The laptop's warehouse can't start. ${message}`);

const TAIL_CHARACTERS = 4000;

/** The end of what a process has printed as errors. */
const tail = ({ stderr }: ChildProcess): (() => string) => {
  let text = '';
  stderr!.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-TAIL_CHARACTERS);
  });
  return () => text;
};
