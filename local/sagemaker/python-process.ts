import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';

export interface PythonOptions {
  /** Path of the interpreter. */
  readonly python: string;
  /** A file of `local/sagemaker/python`, which ties itself to this process by its standard input. */
  readonly script: 'runner.py' | 'server.py';
  readonly args: readonly string[];
  /** Added to what a container has of its own; nothing else of this process's environment is passed on. */
  readonly env: Readonly<Record<string, string>>;
  /** Called with the whole lines of each chunk of output. */
  readonly onLines: (lines: string[]) => void;
}

export interface PythonProcess {
  readonly pid: number | undefined;
  /** The exit status, or undefined after a signal. By then the group is dead and its output was handed over. */
  readonly exited: Promise<number | undefined>;
  /** Kills the process and everything that it started, at once. Once it is over, its number may be another's. */
  kill(): void;
}

/** After the process is gone, how long a stray descendant may hold its output open. */
const OUTPUT_GRACE_MS = 2_000;

/** A single line longer than this is handed over in pieces. */
const MAX_LINE_CHARACTERS = 262_144;

/** Starts Python in a process group of its own, which ends with this process however this process ends. */
export const startPython = ({ python, script, args, env, onLines }: PythonOptions): PythonProcess => {
  const child = spawn(python, [join(import.meta.dirname, 'python', script), ...args], {
    env: { ...containerEnvironment(), ...SHARED_PROCESSORS, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  child.stdin.on('error', () => {});
  let isOver = false;
  const kill = () => {
    if (!isOver) killGroup(child.pid);
  };
  const lines = [lineSplitter(onLines), lineSplitter(onLines)] as const;
  child.stdout.on('data', lines[0].push);
  child.stderr.on('data', lines[1].push);

  const exited = new Promise<number | undefined>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      kill();
      isOver = true;
      const finish = () => {
        clearTimeout(timer);
        lines[0].end();
        lines[1].end();
        resolve(code ?? undefined);
      };
      const timer = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, OUTPUT_GRACE_MS);
      child.once('close', finish);
    });
  });
  return { pid: child.pid, exited, kill };
};

/**
 * A container on AWS has its processors to itself; on a laptop others want them too. OpenMP's threads (scikit-learn's trees)
 * wait for each other by spinning, which on busy processors made training ten times slower; passive ones give way.
 */
const SHARED_PROCESSORS = { OMP_WAIT_POLICY: 'PASSIVE' };

/** The variables of this process that a Python needs to run at all. */
const INHERITED = [
  'PATH',
  'HOME',
  'LANG',
  'LC_ALL',
  'TMPDIR',
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
  'SYSTEMROOT',
  'TEMP',
];

const containerEnvironment = (): Record<string, string> => ({
  ...Object.fromEntries(INHERITED.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
  PYTHONUNBUFFERED: '1',
  PYTHONIOENCODING: 'utf-8',
});

const killGroup = (pid: number | undefined): void => {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

const lineSplitter = (onLines: (lines: string[]) => void) => {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return {
    push(chunk: Buffer) {
      const lines = (rest + decoder.write(chunk)).split(/\r?\n/);
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE_CHARACTERS) {
        lines.push(rest);
        rest = '';
      }
      if (lines.length > 0) onLines(lines);
    },
    end() {
      if (rest) onLines([rest]);
      rest = '';
    },
  };
};
