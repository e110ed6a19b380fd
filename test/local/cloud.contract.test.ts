import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startCloud } from '#local/cloud.ts';
import { claimStateDir } from '#local/cloud-file.ts';
import { descendantsOf } from '#test/cli/fedml-process.ts';
import { ROOT_DIR } from '#test/e2e/test-cloud.ts';

let scratch: string;
let pipelinesDir: string;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'fedml-cloud-'));
  pipelinesDir = join(ROOT_DIR, 'test', 'pipelines');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(scratch, { recursive: true, force: true });
});

const assertNothingIsLeft = async (stateDir: string): Promise<void> => {
  const servers = descendantsOf(process.pid).filter(({ command }) =>
    /hana\/process|lambda\/|sagemaker\//.test(command),
  );
  expect(servers).toEqual([]);
  await (await claimStateDir(stateDir)).release();
};

it('closes everything, and gives the folder back, when there is no Python to train with', async () => {
  vi.stubEnv('PATH', '/usr/sbin');
  const stateDir = join(scratch, 'state');
  // A project without functions, and without a .venv.
  await mkdir(join(scratch, 'functions'), { recursive: true });

  const starting = startCloud({ rootDir: scratch, stateDir, pipelinesDir });

  await expect(starting).rejects.toMatchObject({
    name: 'PythonNotFoundError',
    message: expect.stringMatching(/scikit-learn[\s\S]*npm run setup/),
  });
  vi.unstubAllEnvs();
  await assertNothingIsLeft(stateDir);
});

it('gives up a start that is interrupted while the warehouse is filled', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const stateDir = join(scratch, 'state');

  const starting = startCloud({
    rootDir: ROOT_DIR,
    stateDir,
    pipelinesDir,
    signal: controller.signal,
    onProgress: (text) => text.startsWith('filling') && controller.abort(reason),
  });

  await expect(starting).rejects.toBe(reason);
  await assertNothingIsLeft(stateDir);
});
