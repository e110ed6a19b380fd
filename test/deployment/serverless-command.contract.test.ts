import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MAX_STAGE_LENGTH } from '../../scripts/deployment/check-stages.ts';
import { packageService } from '../../scripts/deployment/package-service.ts';
import { PACKAGING_TIMEOUT_MS, ROOT } from './packaged.ts';

let folder: string;
const before = process.env.TMPDIR;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'serverless-command-'));
  process.env.TMPDIR = folder;
});

afterAll(async () => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  await rm(folder, { recursive: true, force: true });
});

it(
  'leaves nothing in the temporary folder, and packages the longest stage',
  async () => {
    const packageDir = await mkdtemp(join(ROOT, 'node_modules', '.cache', 'package-'));
    try {
      await packageService({ rootDir: ROOT, packageDir, stage: 's'.repeat(MAX_STAGE_LENGTH) });

      expect(await readdir(packageDir)).toContain('cloudformation-template-update-stack.json');
      expect(await readdir(folder)).toEqual([]);
    } finally {
      await rm(packageDir, { recursive: true, force: true });
    }
  },
  PACKAGING_TIMEOUT_MS,
);

it('refuses a parameter that does not exist, and leaves nothing either', async () => {
  const packaging = packageService({
    rootDir: ROOT,
    packageDir: join(folder, 'package'),
    params: { ntwork: 'created' },
  });

  await expect(packaging).rejects.toThrow('There is no parameter "ntwork". Did you mean "network"?');
  expect(await readdir(folder)).toEqual(['package']);
});
