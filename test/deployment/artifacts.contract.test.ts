import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromArtifacts } from '#local/deployment/artifacts.ts';
import { zipEntries } from '#local/deployment/zip-archive.ts';
import { roleFor, withRoles } from '#test/local/iam/roles.ts';
import { testIam } from '#test/local/iam/test-iam.ts';
import { type OpenLambda, openLambda } from '#test/local/lambda/open-lambda.ts';
import { functionsByKey, localDeployment } from './local-deployment.ts';
import { PACKAGING_TIMEOUT_MS, packagedProject, ROOT, RUNS_HERE } from './packaged.ts';

const functions = functionsByKey(await localDeployment());
const keys = Object.keys(functions);

describe('the packaged archives', () => {
  let artifactsDir: string;

  beforeAll(async () => {
    artifactsDir = await packagedProject();
  }, PACKAGING_TIMEOUT_MS);

  const pathsIn = async (key: string): Promise<string[]> =>
    zipEntries(await readFile(join(artifactsDir, `${key}.zip`))).map(({ path }) => path);

  it.each(keys)('%s holds its own bundle and no other', async (key) => {
    const bundles = (await pathsIn(key)).filter((path) => path.startsWith('functions/'));

    expect(bundles).toEqual([expect.stringMatching(/^functions\/[a-z-]+\/[a-z-]+\/handler\.cjs$/)]);
  });

  it('hold the pipelines where they are read, without what only fills the laptop’s warehouse', async () => {
    const paths = await pathsIn('resolveRun');

    expect(paths).toEqual(expect.arrayContaining(['pipelines/flights/pipeline.yml', 'pipelines/flights/train.py']));
    expect(paths.filter((path) => path.includes('datasphere'))).toEqual([]);
    expect((await pathsIn('trainModel')).filter((path) => path.startsWith('pipelines/'))).toEqual([]);
  });

  it('hold the warehouse’s driver, for one platform and with its licence, where the warehouse is called', async () => {
    const withDriver = [];
    for (const key of keys) {
      if ((await pathsIn(key)).some((path) => path.endsWith('.node'))) withDriver.push(key);
    }

    expect(withDriver.sort()).toEqual([
      'abandonWrite',
      'extractPartition',
      'planPartitions',
      'planWrite',
      'publishPredictions',
      'sealDataset',
      'writePart',
    ]);
  });
});

describe.skipIf(!RUNS_HERE)('the functions as they were packed', () => {
  let folder: string;
  let lambda: OpenLambda;

  beforeAll(async () => {
    const artifactsDir = await packagedProject();
    folder = await mkdtemp(join(tmpdir(), 'fedml-artifacts-'));
    const roles = Object.values(functions).map(({ roleArn }) => roleFor('lambda.amazonaws.com', roleArn));
    lambda = await openLambda({
      iam: withRoles(testIam(), ...roles),
      functions: await fromArtifacts(functions, { rootDir: ROOT, artifactsDir, prefix: '', folder }),
    });
  }, PACKAGING_TIMEOUT_MS);

  afterAll(async () => {
    await lambda?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(keys)('%s loads with nothing but its archive, and refuses a wrong event by name', async (key) => {
    const { FunctionError, body } = await lambda.invoke(key, 'nonsense');

    expect(FunctionError).toBe('Unhandled');
    expect(body).toMatchObject({
      errorType: 'InvalidInputError',
      errorMessage: expect.stringMatching(/Invalid|incomplete/),
    });
  });
});
