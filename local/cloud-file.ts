import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { takeStateLock } from './state-lock.ts';

/** How a running cloud is reached; kept in `<state folder>/cloud.json`, readable by its owner only. */
export interface CloudAddress {
  readonly pid: number;
  /** True when it stays until it is told to end; otherwise it ends with the command that started it. */
  readonly isKept: boolean;
  /** What the SDKs and the functions need to find it: `AWS_ENDPOINT_URL_*`, a region, credentials, `FEDML_*`. */
  readonly environment: Readonly<Record<string, string>>;
  /** By the name of the state machine. */
  readonly stateMachineArns: Readonly<Record<string, string>>;
  /** The HTTP API, and what callers send as `Authorization: Bearer <token>`. */
  readonly api: { readonly url: string; readonly token: string };
  /** By the name of the service, for people. */
  readonly services: Readonly<Record<string, string>>;
}

/** Another process has a cloud on the same state folder. */
export class CloudInUseError extends Error {
  override readonly name = 'CloudInUseError';
}

/** The state folder can't be made or written to. */
export class StateDirError extends Error {
  override readonly name = 'StateDirError';
}

export interface Claim {
  /** Tells other processes how to reach the cloud. */
  publish(address: Omit<CloudAddress, 'pid'>): Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes the state folder for this process: two clouds on one folder would corrupt it. What a killed process left is taken over.
 *
 * @throws CloudInUseError naming the process that has it.
 * @throws StateDirError where there can't be such a folder.
 */
export const claimStateDir = async (stateDir: string): Promise<Claim> => {
  await makeStateDir(stateDir);
  const lock = takeStateLock(join(stateDir, LOCK_FILE));
  if (!lock) throw inUse(stateDir, (await readCloudFile(stateDir))?.pid);
  const cloudFile = join(stateDir, CLOUD_FILE);
  const write = async (content: Partial<CloudAddress>): Promise<void> => {
    const temporary = `${cloudFile}.part`;
    await writeFile(temporary, JSON.stringify(content, null, 2), { mode: 0o600 });
    await rename(temporary, cloudFile);
  };
  await write({ pid: process.pid });
  return {
    publish: (address) => write({ pid: process.pid, ...address }),
    async release() {
      await rm(cloudFile, { force: true });
      lock.release();
    },
  };
};

const makeStateDir = async (stateDir: string): Promise<void> => {
  try {
    await mkdir(stateDir, { recursive: true });
    // Passwords, rows of the warehouse and the keys of task tokens are below.
    await chmod(stateDir, 0o700);
  } catch (error) {
    throw new StateDirError(
      `The laptop's cloud can't keep its state in ${stateDir}: ${(error as Error).message}. FEDML_STATE_DIR names another folder.`,
      { cause: error },
    );
  }
};

/** The address of the cloud that another process has on the folder, if one does and it is up. */
export const readCloudAddress = async (stateDir: string): Promise<CloudAddress | undefined> => {
  const content = await readCloudFile(stateDir);
  return content && isAddress(content) && isClaimed(stateDir) ? content : undefined;
};

const LOCK_FILE = 'cloud.lock';
const CLOUD_FILE = 'cloud.json';

const readCloudFile = async (stateDir: string): Promise<Partial<CloudAddress> | undefined> => {
  try {
    return JSON.parse(await readFile(join(stateDir, CLOUD_FILE), 'utf8')) as Partial<CloudAddress>;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
};

/** While a cloud is starting, its file names its process only. */
const isAddress = (content: Partial<CloudAddress>): content is CloudAddress => content.environment !== undefined;

const isClaimed = (stateDir: string): boolean => {
  const lockFile = join(stateDir, LOCK_FILE);
  if (!existsSync(lockFile)) return false;
  const lock = takeStateLock(lockFile, { waitMilliseconds: 0 });
  lock?.release();
  return lock === undefined;
};

const inUse = (stateDir: string, pid: number | undefined): CloudInUseError =>
  new CloudInUseError(
    `${pid === undefined ? 'Another process' : `Process ${pid}`} has a cloud on ${stateDir}, or is starting or closing one. ` +
      'Wait until it has ended, or end it, and try again. To run several commands against one cloud, keep one with `npx fedml up`.',
  );
