import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Account } from '#local/stand-in.ts';
import type { Deployment } from '#local/template/deployment.ts';

/** What the state of the stand-ins refers to by name; under other names it leads nowhere. */
export interface InstalledNames {
  readonly account: Account;
  readonly stackName: string;
  readonly buckets: readonly string[];
  readonly eventBuses: readonly string[];
  readonly repositories: readonly string[];
}

export const installedNames = (deployment: Deployment, account: Account): InstalledNames => ({
  account,
  stackName: deployment.stackName,
  buckets: deployment.buckets,
  eventBuses: deployment.eventBuses,
  repositories: deployment.repositories.map(({ name }) => name),
});

/** Of the stand-ins that keep names of the deployment. The warehouse and the secrets don't. */
const FOLDERS = [
  ...['s3', 'step-functions', 'eventbridge', 'lambda', 'sagemaker', 'scheduler', 'registry', 'kubernetes', 'logs'],
];

/**
 * Makes the state folder one of this deployment. State that an earlier start kept under other names is moved aside, for
 * nothing here would find it. Returns where it went, if there was any.
 */
export const claimKeptState = async (stateDir: string, names: InstalledNames): Promise<string | undefined> => {
  const file = join(stateDir, 'installation.json');
  if (isDeepStrictEqual(await readNames(file), JSON.parse(JSON.stringify(names)))) return undefined;
  const present = FOLDERS.filter((folder) => existsSync(join(stateDir, folder)));
  const aside = join(stateDir, `set-aside-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`);
  if (present.length > 0) {
    await mkdir(aside, { recursive: true });
    for (const folder of present) await rename(join(stateDir, folder), join(aside, folder));
  }
  await writeFile(`${file}.part`, JSON.stringify(names, null, 2));
  await rename(`${file}.part`, file);
  return present.length > 0 ? aside : undefined;
};

/** What can't be read is as good as another version's. */
const readNames = async (file: string): Promise<unknown> => {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch {
    return undefined;
  }
};
