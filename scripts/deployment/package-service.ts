import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface PackageOptions {
  readonly rootDir: string;
  /** Where the template and the archives go. */
  readonly packageDir: string;
  readonly params?: Readonly<Record<string, string>>;
}

/** Half a minute is usual, and three times that on a busy machine. After a syntax error the bundler reports it and never ends. */
const TIMEOUT_MS = 240_000;

/** Runs `serverless package`, which needs neither network nor account. Throws an Error with what it printed. */
export const packageService = async ({ rootDir, packageDir, params = {} }: PackageOptions): Promise<void> => {
  await rm(packageDir, { recursive: true, force: true });
  await mkdir(packageDir, { recursive: true });
  const args = [
    join(rootDir, 'node_modules', 'serverless', 'bin', 'serverless.js'),
    'package',
    '--package',
    packageDir,
    ...Object.entries(params).map(([name, value]) => `--param=${name}=${value}`),
  ];
  // serverless-esbuild leaves a copy of each function, 140 MB in all, in the system's temporary folder: it gets one of its own.
  const temporaryDir = await mkdtemp(join(tmpdir(), 'fedml-bundles-'));
  try {
    await runToEnd(args, { cwd: rootDir, TMPDIR: temporaryDir });
  } finally {
    await rm(temporaryDir, { recursive: true, force: true });
  }
};

const runToEnd = async (args: readonly string[], { cwd, TMPDIR }: { cwd: string; TMPDIR: string }): Promise<void> => {
  const child = spawn(process.execPath, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
    env: { ...process.env, TMPDIR, SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off' },
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`serverless package failed:\n${printed}`);
};
