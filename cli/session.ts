import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Cloud, findCloud, startCloud } from '#local/cloud.ts';
import type { CloudAddress } from '#local/cloud-file.ts';
import type { Terminal } from './terminal.ts';
import { duration } from './terminal.ts';

export const ROOT_DIR = join(dirname(fileURLToPath(import.meta.url)), '..');
const STATE_DIR = join(ROOT_DIR, '.fedml');
export const PIPELINES_DIR = join(ROOT_DIR, 'pipelines');

/**
 * Runs `work` against the laptop's cloud: the one that `fedml up` keeps, or one of its own for as long as the work takes.
 * The AWS clients and adapters find it as they find AWS: through environment variables.
 */
export const withCloud = async <T>(out: Terminal, work: (cloud: CloudAddress) => Promise<T>): Promise<T> => {
  const running = await findCloud(STATE_DIR);
  if (running) {
    Object.assign(process.env, running.environment);
    return work(running);
  }
  await using cloud = await openCloud(out);
  Object.assign(process.env, cloud.environment);
  return await work(cloud);
};

/** Starts the laptop's cloud and says what it is doing; Ctrl-C and SIGTERM close it before the process ends. */
export const openCloud = async (out: Terminal, { keepSchedules = false } = {}): Promise<Cloud & AsyncDisposable> => {
  const startedAt = performance.now();
  const cloud = await startCloud({
    rootDir: ROOT_DIR,
    stateDir: STATE_DIR,
    pipelinesDir: PIPELINES_DIR,
    keepSchedules,
    onProgress: (text) => (out.isLive ? out.status(`  ${text}`) : out.print(`  ${text}`)),
  });
  out.status(undefined);
  out.print(`  ${out.style('green', '✓')} the laptop's cloud is up: ${duration(performance.now() - startedAt)}`);
  const stop = (): void => {
    out.status('  closing …');
    void cloud.close().finally(() => process.exit(130));
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  return {
    ...cloud,
    async [Symbol.asyncDispose]() {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      await cloud.close();
    },
  };
};
