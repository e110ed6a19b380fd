import { spawn } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

export interface PackageOptions {
  readonly rootDir: string;
  /** Where the template and the archives go. */
  readonly packageDir: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly stage?: string;
}

/** Half a minute is usual, and three times that on a busy machine. After a syntax error the bundler reports it and never ends. */
const TIMEOUT_MS = 240_000;

/** Runs `serverless package`, which needs neither network nor account. Throws an Error with what it printed. */
export const packageService = async ({ rootDir, packageDir, params = {}, stage }: PackageOptions): Promise<void> => {
  await rm(packageDir, { recursive: true, force: true });
  await mkdir(packageDir, { recursive: true });
  const args = [
    join(rootDir, 'node_modules', 'serverless', 'bin', 'serverless.js'),
    'package',
    '--package',
    packageDir,
    ...(stage === undefined ? [] : ['--stage', stage]),
    ...Object.entries(params).map(([name, value]) => `--param=${name}=${value}`),
  ];
  await runToEnd(args, rootDir);
};

const runToEnd = async (args: readonly string[], cwd: string): Promise<void> => {
  const child = spawn(process.execPath, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
    env: { ...process.env, SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off' },
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`serverless package failed:\n${printed}`);
};
