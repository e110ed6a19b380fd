import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** How a running cloud is reached; kept in `<state folder>/cloud.json`, readable by its owner only. */
export interface CloudAddress {
  readonly pid: number;
  /** What the SDKs and the functions need to find it: `AWS_ENDPOINT_URL_*`, a region, credentials, `FEDML_*`. */
  readonly environment: Readonly<Record<string, string>>;
  /** By the name of the state machine. */
  readonly stateMachineArns: Readonly<Record<string, string>>;
  /** The HTTP API, and what callers send as `Authorization: Bearer <token>`. */
  readonly api: { readonly url: string; readonly token: string };
  /** By the name of the service, for people. */
  readonly services: Readonly<Record<string, string>>;
}

/** Another process keeps a cloud on the same state folder. */
export class CloudInUseError extends Error {
  override readonly name = 'CloudInUseError';
}

export interface Claim {
  /** Tells other processes how to reach the cloud. */
  publish(address: Omit<CloudAddress, 'pid'>): Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes the state folder for this process: two clouds on one folder would corrupt it.
 *
 * @throws CloudInUseError naming the process that has it.
 */
export const claimStateDir = async (stateDir: string): Promise<Claim> => {
  await mkdir(stateDir, { recursive: true });
  const lockFile = join(stateDir, 'cloud.lock');
  await takeLock(lockFile);
  const addressFile = join(stateDir, 'cloud.json');
  return {
    async publish(address) {
      const temporary = `${addressFile}.${process.pid}`;
      await writeFile(temporary, JSON.stringify({ pid: process.pid, ...address }, null, 2), { mode: 0o600 });
      await rename(temporary, addressFile);
    },
    async release() {
      await rm(addressFile, { force: true });
      await rm(lockFile, { force: true });
    },
  };
};

/** The address of the cloud that another process keeps, if one does. */
export const readCloudAddress = async (stateDir: string): Promise<CloudAddress | undefined> => {
  try {
    const address = JSON.parse(await readFile(join(stateDir, 'cloud.json'), 'utf8')) as CloudAddress;
    return isAlive(address.pid) ? address : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** A lock whose process is gone was left by a crash and is taken over. */
const takeLock = async (lockFile: string): Promise<void> => {
  try {
    const file = await open(lockFile, 'wx');
    await file.writeFile(String(process.pid));
    await file.close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const owner = Number(await readFile(lockFile, 'utf8'));
    if (owner && isAlive(owner)) {
      throw new CloudInUseError(
        `Process ${owner} keeps a cloud on ${lockFile.replace(/\/cloud\.lock$/, '')}, or is just starting one. ` +
          'Wait for it, or end it, and try again.',
        { cause: error },
      );
    }
    await rm(lockFile, { force: true });
    await takeLock(lockFile);
  }
};

/** Signal 0 asks without sending. */
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};
