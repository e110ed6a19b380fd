// Packages the project as `serverless deploy` would, and holds the result against what can be told without an account.
// Ends non-zero and prints every finding, if there are any.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkDeployment } from './deployment/check-deployment.ts';
import { packageService } from './deployment/package-service.ts';
import { commandFinder } from './deployment/used-commands.ts';

const rootDir = join(import.meta.dirname, '..');
const packageDir = await mkdtemp(join(tmpdir(), 'fedml-package-'));
try {
  await packageService({ rootDir, packageDir });
  const findings = await checkDeployment(packageDir, commandFinder(rootDir));
  for (const { where, problem } of findings) console.error(`${where}: ${problem}`);
  console.log(findings.length === 0 ? 'The deployment is sound.' : `${findings.length} findings.`);
  process.exitCode = findings.length === 0 ? 0 : 1;
} finally {
  await rm(packageDir, { recursive: true, force: true });
}
