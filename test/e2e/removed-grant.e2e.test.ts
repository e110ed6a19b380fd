import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startFedml } from '#test/cli/fedml-process.ts';
import { type CopiedProject, copyProject } from './copied-project.ts';
import { ROOT_DIR } from './test-cloud.ts';

let project: CopiedProject;
let stateDir: string;

beforeEach(async () => {
  project = await copyProject();
  stateDir = await mkdtemp(join(tmpdir(), 'fedml-state-'));
});

afterEach(async () => {
  await project.remove();
  await rm(stateDir, { recursive: true, force: true });
});

it('fails a run at the step whose role lacks a grant, in the words of AWS', async () => {
  await project.replace('functions/pipeline/functions.yml', / run-index: r?w,/, '');
  const pipelinesDir = join(ROOT_DIR, 'test', 'pipelines');

  const fedml = startFedml(['run', 'tiny'], { stateDir, pipelinesDir, rootDir: project.rootDir });

  expect(await fedml.exitCode).toBe(1);
  const output = fedml.output();
  expect(output).toMatch(/✗ pipeline +ResolveRun/);
  expect(output.replaceAll(/\s+/g, ' ')).toMatch(
    /User: arn:aws:sts::000000000000:assumed-role\/[\w-]*ResolveRun[\w-]*\/fedml-serverless-local-resolveRun is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::[\w-]+\/run-index\/[^"]+" because no identity-based policy allows the s3:PutObject action/,
  );
});
