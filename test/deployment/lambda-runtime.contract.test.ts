import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromArtifacts } from '#local/deployment/artifacts.ts';
import type { LambdaFunction } from '#local/lambda/functions.ts';
import { functionsByKey, localDeployment } from './local-deployment.ts';
import { PACKAGING_TIMEOUT_MS, packagedProject, ROOT, RUNS_HERE } from './packaged.ts';
import { invokeByRuntime } from './runtime-api.ts';

/** AWS's own runtime compiles native code for a minute, so it is installed only by who asks for it, and by CI. */
const PACKAGE = join(ROOT, 'tools', 'lambda-runtime', 'node_modules', 'aws-lambda-ric');
const isInstalled = existsSync(join(PACKAGE, 'rapid-client.node'));

if (!isInstalled) {
  console.log(
    "AWS's own Lambda runtime is not installed, so its test is skipped: npm ci --prefix tools/lambda-runtime",
  );
}

const sources = functionsByKey(await localDeployment());

describe.skipIf(!isInstalled || !RUNS_HERE)("AWS's own runtime", () => {
  let folder: string;
  let functions: Record<string, LambdaFunction>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedml-runtime-'));
    const artifactsDir = await packagedProject();
    functions = await fromArtifacts(sources, { rootDir: ROOT, artifactsDir, prefix: '', folder });
  }, PACKAGING_TIMEOUT_MS);

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it.each(Object.keys(sources))('runs %s from its archive and reports its error by name', async (key) => {
    const { handlerFile, handlerExport, taskRoot } = functions[key]!;

    const answer = await invokeByRuntime({
      runtimeFile: join(PACKAGE, 'index.mjs'),
      handler: relative(taskRoot!, handlerFile).replace(/\.cjs$/, `.${handlerExport}`),
      taskRoot: taskRoot!,
      event: 'nonsense',
    });

    expect(answer).toMatchObject({ kind: 'error', body: { errorType: 'InvalidInputError' } });
  });
});
