import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { config } from '#shared/config.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { secretsManagerCredentials } from '#shared/warehouse/secrets-manager.ts';
import { PACKAGING_TIMEOUT_MS, packagedProject, RUNS_HERE } from '#test/deployment/packaged.ts';
import { openTestCloud, ROOT_DIR, type TestCloud } from './test-cloud.ts';

describe.skipIf(!RUNS_HERE)('a pipeline whose functions run as they would be deployed', () => {
  let cloud: TestCloud;

  beforeAll(async () => {
    cloud = await openTestCloud({
      pipelinesDir: join(ROOT_DIR, 'test', 'pipelines'),
      artifactsDir: await packagedProject(),
    });
  }, PACKAGING_TIMEOUT_MS);

  afterAll(async () => {
    await cloud?.close();
  });

  it('trains, deploys, scores and writes back', async () => {
    const execution = await cloud.run({ pipeline: 'tiny' });

    expect(execution).toMatchObject({ status: 'SUCCEEDED' });
    const warehouse = hanaWarehouse(secretsManagerCredentials(() => config().warehouseSecretArn));
    const { rows } = await warehouse.query('SELECT COUNT(*), COUNT(DISTINCT PENGUIN_ID) FROM PENGUIN_SPECIES');
    expect(rows).toEqual([[34, 34]]);
  });

  it('ends under the name of the error that a step threw', async () => {
    const execution = await cloud.run({ pipeline: 'tinny' });

    expect(execution).toMatchObject({ status: 'FAILED', error: 'UnknownPipelineError' });
  });
});
