import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from '#local/stand-in.ts';
import type { Deployment } from './deployment.ts';

export interface DeploymentOptions {
  /** The project, with its `serverless.yml`. */
  readonly rootDir: string;
  readonly stage: string;
  readonly account: Account;
  readonly params: Readonly<Record<string, string>>;
  readonly withoutFiles: readonly string[];
  readonly withoutPlugins: readonly string[];
  /** Folders of the project that the configuration is made from; everything in them counts. */
  readonly sources: readonly string[];
  /** Keeps what was resolved, by the digest of all that it was made from. */
  readonly cacheDir: string;
}

/** Resolves what a service deploys, or reads it where the same was resolved before: a tenth of the time. */
export const resolveDeployment = async (options: DeploymentOptions): Promise<Deployment> => {
  const file = join(options.cacheDir, `${digestOf(options)}.json`);
  const kept = await readFile(file, 'utf8').catch(() => undefined);
  if (kept !== undefined) return JSON.parse(kept) as Deployment;
  // Half of the time goes into loading these.
  const [{ resolveTemplate }, { deploymentOf }] = await Promise.all([
    import('./template.ts'),
    import('./deployment.ts'),
  ]);
  const { account } = options;
  const template = await resolveTemplate(options);
  const deployment = deploymentOf(template, { name: template.stackName, account });
  await keep(options.cacheDir, file, deployment);
  return deployment;
};

const digestOf = ({ rootDir, sources, cacheDir: _, ...inputs }: DeploymentOptions): string => {
  const hash = createHash('sha256').update(JSON.stringify({ rootDir, sources, ...inputs }));
  const add = (file: string): void => {
    const content = readFileSync(file);
    hash.update(`${file}\0${content.length}\0`).update(content);
  };
  add(join(rootDir, 'serverless.yml'));
  for (const folder of [...sources.map((source) => join(rootDir, source)), import.meta.dirname]) {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    for (const path of files.sort()) add(path);
  }
  return hash.digest('hex').slice(0, 32);
};

/** With and without a cluster the parameters differ; older ones are of no use. */
const KEPT_FILES = 4;

const keep = async (cacheDir: string, file: string, deployment: Deployment): Promise<void> => {
  await mkdir(cacheDir, { recursive: true });
  await writeFile(`${file}.part`, JSON.stringify(deployment));
  await rename(`${file}.part`, file);
  const names = await readdir(cacheDir);
  const files = await Promise.all(
    names.map(async (name) => ({ path: join(cacheDir, name), ...(await stat(join(cacheDir, name))) })),
  );
  const outdated = files.sort((a, b) => b.mtimeMs - a.mtimeMs).slice(KEPT_FILES);
  await Promise.all(outdated.map(({ path }) => rm(path, { force: true })));
};
