import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm, rmdir, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arch } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageService } from '../../scripts/deployment/package-service.ts';

export const ROOT = join(import.meta.dirname, '..', '..');

/** Only Linux can run what is packaged for Lambda: the warehouse's driver is a binary. */
export const RUNS_HERE = process.platform === 'linux';

/** Packaging takes half a minute on a busy machine. */
export const PACKAGING_TIMEOUT_MS = 180_000;

const PARTS = ['serverless.yml', 'package.json', 'functions', 'shared', 'statemachines', 'resources', 'pipelines'];

/** Pipelines with what the shipped one doesn't have: schedules, an approval, a cluster. Their training is `tiny`'s. */
const MORE_PIPELINES = 'test/deployment/pipelines';
const TRAINING = 'test/pipelines/tiny/train.py';

const SOURCES = ['package-lock.json', ...PARTS, MORE_PIPELINES, TRAINING].flatMap((part) => [part, `${part}/**/*.*`]);

/** Of the platform that the tests run on, so that its archives run here; with all that can be had, so that all of it is checked. */
const PARAMS = {
  architecture: arch === 'arm64' ? 'arm64' : 'x86_64',
  network: 'created',
  kmsKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  kymaKubeconfigSecretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:kubeconfig-a1b2c3',
  kymaClientSecretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:client-a1b2c3',
};

/** The folder of the packaged project: packaged once for all test files, and again only when a source changed. */
export const packagedProject = async (): Promise<string> => {
  const cache = join(ROOT, 'node_modules', '.cache', 'fedml-serverless');
  const folder = join(cache, sourcesHash());
  await mkdir(cache, { recursive: true });
  await withLock(`${folder}.lock`, async () => {
    if (existsSync(folder)) return;
    const rootDir = await projectWithMorePipelines();
    try {
      await packageService({ rootDir, packageDir: `${folder}.part`, params: PARAMS });
    } finally {
      await rm(rootDir, { recursive: true, force: true });
    }
    await rename(`${folder}.part`, folder);
  });
  return folder;
};

const projectWithMorePipelines = async (): Promise<string> => {
  const rootDir = await mkdtemp(join(tmpdir(), 'fedml-project-'));
  for (const part of PARTS) await cp(join(ROOT, part), join(rootDir, part), { recursive: true });
  await cp(join(ROOT, MORE_PIPELINES), join(rootDir, 'pipelines'), { recursive: true });
  for (const pipeline of await readdir(join(ROOT, MORE_PIPELINES))) {
    await cp(join(ROOT, TRAINING), join(rootDir, 'pipelines', pipeline, 'train.py'));
  }
  await symlink(join(ROOT, 'node_modules'), join(rootDir, 'node_modules'));
  return rootDir;
};

const sourcesHash = (): string => {
  const hash = createHash('sha256').update(JSON.stringify(PARAMS));
  for (const path of globSync(SOURCES, { cwd: ROOT }).sort()) {
    if (statSync(join(ROOT, path)).isFile()) hash.update(`${path}\0`).update(readFileSync(join(ROOT, path)));
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
