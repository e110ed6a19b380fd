import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Cloud } from '#local/cloud.ts';
import { type CloudAddress, CloudInUseError, readCloudAddress } from '#local/cloud-file.ts';
import { duration } from './format.ts';
import { interruption, untilInterrupted } from './interruption.ts';
import { otherPolicies } from './other-policies.ts';
import type { Terminal } from './terminal.ts';

export const ROOT_DIR = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Where the laptop's cloud keeps everything: `.fedml`, or FEDML_STATE_DIR. */
export const stateDir = (): string => process.env.FEDML_STATE_DIR ?? join(ROOT_DIR, '.fedml');

/** The folder of the pipelines: `pipelines`, or FEDML_PIPELINES_DIR. */
export const pipelinesDir = (): string => process.env.FEDML_PIPELINES_DIR ?? join(ROOT_DIR, 'pipelines');

/**
 * Asks the laptop's cloud something: the one that runs already, or one of its own for as long as the work takes. The AWS
 * clients and adapters find it as they find AWS, through environment variables.
 */
export const withCloud = async <T>(out: Terminal, work: (cloud: CloudAddress) => Promise<T>): Promise<T> => {
  const interruptible = (cloud: CloudAddress): Promise<T> => untilInterrupted(work(cloud));
  const running = await readCloudAddress(stateDir());
  return running ? use(running, interruptible) : inOwnCloud(out, interruptible);
};

/**
 * The same for work that needs the cloud to its own end: it isn't done in the cloud of another command, which may end first.
 *
 * @throws CloudInUseError naming the command to wait for.
 */
export const withLastingCloud = async <T>(out: Terminal, work: (cloud: CloudAddress) => Promise<T>): Promise<T> => {
  const running = await readCloudAddress(stateDir());
  if (!running) return inOwnCloud(out, work);
  if (running.isKept) return use(running, work);
  throw new CloudInUseError(
    `Another command (process ${running.pid}) has the laptop's cloud for as long as it takes. Wait for its end; or keep a ` +
      'cloud with `npx fedml up`, and run as many commands against it as you like.',
  );
};

/** The same in a cloud of its own with other pipelines. Throws CloudInUseError while any cloud runs. */
export const withOwnCloud = async <T>(
  out: Terminal,
  work: (cloud: CloudAddress) => Promise<T>,
  options: { readonly pipelinesDir: string },
): Promise<T> => {
  const running = await readCloudAddress(stateDir());
  if (!running) return inOwnCloud(out, work, options);
  throw new CloudInUseError(
    `Process ${running.pid} has the laptop's cloud, and that one has other pipelines. End it, or wait for its end, and try again.`,
  );
};

interface OpenOptions {
  readonly isKept?: boolean;
  readonly pipelinesDir?: string;
}

/** Starts the laptop's cloud and says what it is doing. */
export const openCloud = async (out: Terminal, options: OpenOptions = {}): Promise<Cloud> => {
  const startedAt = performance.now();
  // Not loaded by a command that only asks a cloud that runs already.
  const { startCloud } = await import('#local/cloud.ts');
  const policies = await otherPolicies();
  try {
    const cloud = await startCloud({
      rootDir: ROOT_DIR,
      stateDir: stateDir(),
      pipelinesDir: pipelinesDir(),
      decisionsDir: process.env.FEDML_DECISIONS_DIR,
      ...(policies && { otherPolicies: policies }),
      ...options,
      onProgress: (text) => (out.isLive ? out.status(`  ${text}`) : out.note(`  ${text}`)),
      signal: interruption(),
    });
    out.status(undefined);
    out.note(`  ${out.style('green', '✓')} the laptop's cloud is up: ${duration(performance.now() - startedAt)}`);
    return cloud;
  } finally {
    out.status(undefined);
  }
};

const inOwnCloud = async <T>(
  out: Terminal,
  work: (cloud: CloudAddress) => Promise<T>,
  options?: OpenOptions,
): Promise<T> => {
  const cloud = await openCloud(out, options);
  try {
    return await use(cloud, work);
  } finally {
    if (interruption().aborted) out.status('  closing …');
    await cloud.close();
    out.status(undefined);
  }
};

const use = <T>(cloud: CloudAddress, work: (cloud: CloudAddress) => Promise<T>): Promise<T> => {
  Object.assign(process.env, cloud.environment);
  // The SDK takes the keys of a profile before those of the environment.
  delete process.env.AWS_PROFILE;
  return work(cloud);
};
