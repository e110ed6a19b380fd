import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { arch } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageService } from '../../scripts/deployment/package-service.ts';

export const ROOT = join(import.meta.dirname, '..', '..');

/** Only Linux can run what is packaged for Lambda: the warehouse's driver is a binary. */
export const RUNS_HERE = process.platform === 'linux';

/** Packaging takes half a minute on a busy machine. */
export const PACKAGING_TIMEOUT_MS = 180_000;

const SOURCES = ['serverless.yml', 'package-lock.json', '{functions,shared,statemachines,resources,pipelines}/**/*.*'];

/** Of the platform that the tests run on, so that its archives run here; with a network, so that its templates are checked. */
const PARAMS = { architecture: arch === 'arm64' ? 'arm64' : 'x86_64', network: 'created' };

/** The folder of the packaged project: packaged once for all test files, and again only when a source changed. */
export const packagedProject = async (): Promise<string> => {
  const cache = join(ROOT, 'node_modules', '.cache', 'fedml-serverless');
  const folder = join(cache, sourcesHash());
  await mkdir(cache, { recursive: true });
  await withLock(`${folder}.lock`, async () => {
    if (existsSync(folder)) return;
    await packageService({ rootDir: ROOT, packageDir: `${folder}.part`, params: PARAMS });
    await rename(`${folder}.part`, folder);
  });
  return folder;
};

const sourcesHash = (): string => {
  const hash = createHash('sha256').update(JSON.stringify(PARAMS));
  for (const path of globSync(SOURCES, { cwd: ROOT }).sort()) {
    hash.update(`${path}\0`).update(readFileSync(join(ROOT, path)));
  }
  return hash.digest('hex').slice(0, 16);
};

/** One test process at a time; a lock whose process was killed is taken over. */
const withLock = async (lock: string, work: () => Promise<void>): Promise<void> => {
  for (;;) {
    try {
      await mkdir(lock);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const age = await stat(lock).then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      );
      if (age > PACKAGING_TIMEOUT_MS) await rm(lock, { recursive: true, force: true });
      await sleep(200);
    }
  }
  try {
    await work();
  } finally {
    await rmdir(lock);
  }
};
