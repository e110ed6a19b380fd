import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Measurement } from './measured.ts';

const run = promisify(execFile);

/** Runs one contender in a process of its own and takes the measurement from the last line of what it printed. */
export const runProcess = async (
  program: string,
  script: string,
  settings: object,
  environment: Readonly<Record<string, string>>,
): Promise<Measurement> => {
  const { stdout } = await run(program, [script, JSON.stringify(settings)], {
    env: { ...process.env, ...environment },
    maxBuffer: 64 * 1024 ** 2,
  });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
};
