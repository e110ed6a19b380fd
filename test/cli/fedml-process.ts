import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT_DIR } from '#test/e2e/test-cloud.ts';
import { isAlive } from '#test/local/is-alive.ts';

/** The command line as a process of its own, as a person starts it. */
export interface FedmlProcess {
  readonly child: ChildProcess;
  /** What it has printed so far, results and notes together. */
  output(): string;
  /** Resolves when it has printed `text`; rejects when it ends before. */
  printed(text: string): Promise<void>;
  readonly exitCode: Promise<number | null>;
}

export interface Folders {
  readonly stateDir: string;
  readonly pipelinesDir: string;
  /** Of the project whose command line it is; this one unless given. */
  readonly rootDir?: string;
}

export const startFedml = (
  args: readonly string[],
  { stateDir, pipelinesDir, rootDir = ROOT_DIR }: Folders,
): FedmlProcess => {
  const child = spawn(process.execPath, [join(rootDir, 'cli', 'fedml.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, FEDML_STATE_DIR: stateDir, FEDML_PIPELINES_DIR: pipelinesDir, NO_COLOR: '1' },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  const exitCode = once(child, 'close').then(([code]) => code as number | null);
  return {
    child,
    exitCode,
    output: () => text,
    async printed(wanted) {
      let hasEnded = false;
      void exitCode.then(() => {
        hasEnded = true;
      });
      while (!text.includes(wanted)) {
        if (hasEnded) throw new Error(`fedml ended without printing ${JSON.stringify(wanted)}:\n${text}`);
        await sleep(50);
      }
    },
  };
};

/** Every process that a process has started, and what those have started, in whatever group. */
export const descendantsOf = (pid: number): { readonly pid: number; readonly command: string }[] => {
  const all = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)!)
    .map(([, child, parent, command]) => ({ pid: Number(child), parent: Number(parent), command: command! }));
  const found = [pid];
  for (const ancestor of found) found.push(...all.filter(({ parent }) => parent === ancestor).map((each) => each.pid));
  return all.filter((each) => each.pid !== pid && found.includes(each.pid));
};

/** Those that are still there after a moment: what was killed with its group is gone once the system has cleared it away. */
export const survivorsOf = async <T extends { readonly pid: number }>(processes: readonly T[]): Promise<T[]> => {
  const giveUpAt = Date.now() + 10_000;
  for (;;) {
    const alive = processes.filter(({ pid }) => isAlive(pid));
    if (alive.length === 0 || Date.now() > giveUpAt) return alive;
    await sleep(50);
  }
};
