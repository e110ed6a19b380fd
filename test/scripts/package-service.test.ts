import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageService } from '../../scripts/deployment/package-service.ts';

/** Stands in for Serverless, and for its plugin that forgets what it has put into the system's temporary folder. */
const FORGETFUL = `
const { mkdirSync, writeFileSync } = require('node:fs');
const copy = require('node:path').join(require('node:os').tmpdir(), 'writePart-1-2-3');
mkdirSync(copy);
writeFileSync(process.argv[4] + '/said', copy);
`;

it('leaves nothing in the system’s temporary folder', async () => {
  const rootDir = await mkdtemp(join(tmpdir(), 'fedml-project-'));
  const bin = join(rootDir, 'node_modules', 'serverless', 'bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'serverless.js'), FORGETFUL);

  const packageDir = join(rootDir, 'package');
  await packageService({ rootDir, packageDir });
  const copy = await readFile(join(packageDir, 'said'), 'utf8');
  await rm(rootDir, { recursive: true });

  expect(copy).toMatch(/writePart-1-2-3$/);
  await expect(access(copy)).rejects.toMatchObject({ code: 'ENOENT' });
});
