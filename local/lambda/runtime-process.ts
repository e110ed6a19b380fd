import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { InvokeMessage, RuntimeMessage } from './messages.ts';
import type { OrphanGuard } from './orphan-guard.ts';

/** A child process that runs `runtime.ts`, seen as a sequence of outcomes: of its start, then of one event after the other. */
export interface RuntimeProcess {
  /** False once the process has ended, was killed or cannot go on. */
  readonly alive: boolean;
  /** How loading the handler ended. */
  readonly started: Promise<Outcome>;
  /** How handling one event ended; the process must be done with the one before. */
  handle(message: InvokeMessage): Promise<Outcome>;
  /** SIGKILLs the process and all that it started in its group; resolves when it is gone. */
  kill(): Promise<void>;
}

export type Outcome =
  | RuntimeMessage
  | { readonly type: 'exited'; readonly reason: string; readonly heapExhausted: boolean }
  | { readonly type: 'timed-out' };

export interface RuntimeProcessOptions {
  readonly handlerFile: string;
  readonly handlerExport: string;
  readonly memorySizeMb: number;
  readonly workingDirectory: string;
  /** The whole environment; nothing is inherited. */
  readonly variables: Readonly<Record<string, string>>;
  readonly guard: OrphanGuard;
  readonly print: (chunk: Buffer) => void;
}

export const startRuntimeProcess = (options: RuntimeProcessOptions): RuntimeProcess => {
  const child = forkRuntime(options);
  const killGroup = watchGroup(child, options.guard);
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  let deliver: (outcome: Outcome) => void = () => {};
  const nextOutcome = (): Promise<Outcome> =>
    new Promise((resolve) => {
      deliver = resolve;
    });

  let end: Outcome | undefined;
  let heapExhausted = false;
  const finish = (reason: string): void => {
    end = { type: 'exited', reason, heapExhausted };
    deliver(end);
  };
  child.stdout?.on('data', options.print);
  child.stderr?.on('data', (chunk: Buffer) => {
    heapExhausted ||= chunk.includes('JavaScript heap out of memory');
    options.print(chunk);
  });
  let usable = true;
  child.on('message', (message: RuntimeMessage) => {
    if (message.type === 'broken') usable = false;
    // What the child printed before a message is read at the latest in the same turn of the event loop.
    setImmediate(() => deliver(message));
  });
  child.once('close', (code, signal) => finish(exitReason(code, signal)));
  child.once('error', (error) => finish(error.message));

  return {
    get alive() {
      return usable && end === undefined && child.exitCode === null && child.signalCode === null;
    },
    started: nextOutcome(),
    async handle(message) {
      if (end) return end;
      const outcome = nextOutcome();
      // A process that dies now is reported by its exit.
      child.send(message, () => {});
      return outcome;
    },
    kill() {
      usable = false;
      killGroup();
      return gone;
    },
  };
};

const RUNTIME_FILE = fileURLToPath(new URL('./runtime.ts', import.meta.url));

const forkRuntime = (options: RuntimeProcessOptions): ChildProcess =>
  fork(RUNTIME_FILE, [options.handlerFile, options.handlerExport], {
    cwd: options.workingDirectory,
    env: options.variables,
    execArgv: [`--max-old-space-size=${options.memorySizeMb}`],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own: what a handler starts dies with it, and Ctrl-C reaches only the host, which ends in order.
    detached: true,
  });

/** Kills the child's group when the child exits or the returned function is called; once, since its number may be given again. */
const watchGroup = (child: ChildProcess, guard: OrphanGuard): (() => void) => {
  const { pid } = child;
  if (pid === undefined) return () => {};
  guard.watch(pid);
  let killed = false;
  const killGroup = (): void => {
    if (killed) return;
    killed = true;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  child.once('exit', () => {
    killGroup();
    guard.forget(pid);
  });
  return killGroup;
};

const exitReason = (code: number | null, signal: NodeJS.Signals | null): string => {
  if (signal) return `Runtime exited with error: signal: ${SIGNAL_WORDS[signal] ?? signal}`;
  return code === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: exit status ${code}`;
};

/** The words of Go's runtime, in which Lambda writes its messages. */
const SIGNAL_WORDS: Partial<Record<NodeJS.Signals, string>> = {
  SIGABRT: 'aborted',
  SIGBUS: 'bus error',
  SIGFPE: 'floating point exception',
  SIGILL: 'illegal instruction',
  SIGKILL: 'killed',
  SIGSEGV: 'segmentation fault',
  SIGTERM: 'terminated',
};
