import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { config } from '#shared/config.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { loadRunRecord } from '#shared/pipeline/run-record.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { secretsManagerCredentials } from '#shared/warehouse/secrets-manager.ts';
import { openTestCloud, ROOT_DIR, type TestCloud } from './test-cloud.ts';

const warehouse = () => hanaWarehouse(secretsManagerCredentials(() => config().warehouseSecretArn));

const recordOf = ({ output }: { readonly output?: unknown }) =>
  loadRunRecord(s3ObjectStore(), (output as { runUri: string }).runUri);

describe('small pipelines on the laptop', () => {
  let cloud: TestCloud;

  beforeAll(async () => {
    // Each third event comes twice and each fifth comes late: what hears them must not mind.
    cloud = await openTestCloud({
      pipelinesDir: join(ROOT_DIR, 'test', 'pipelines'),
      chaos: { duplicateEvery: 3, delayEvery: 5, delaySeconds: 0.5 },
    });
  });

  afterAll(async () => {
    await cloud?.close();
  });

  it('trains, deploys, scores by the endpoint, and then scores again with the champion', async () => {
    const full = await cloud.run({ pipeline: 'tiny' });
    expect(full).toMatchObject({ status: 'SUCCEEDED' });
    const score = await cloud.run({ pipeline: 'tiny', mode: 'score' });

    expect(score).toMatchObject({ status: 'SUCCEEDED' });
    const { rows } = await warehouse().query(
      'SELECT RUN_ID, COUNT(*), COUNT(DISTINCT PENGUIN_ID), MIN(CONFIDENCE), COUNT(DISTINCT SPECIES) FROM PENGUIN_SPECIES GROUP BY RUN_ID',
    );
    expect(rows.length).toBe(2);
    for (const [, count, keys, confidence, species] of rows) {
      expect([count, keys, species]).toEqual([34, 34, 3]);
      expect(confidence).toBeGreaterThan(0.3);
    }
    expect((await recordOf(score)).training.evaluation).toBeUndefined();
  });

  it("runs a script of SAP FedML's style unchanged and replaces the table's rows", async () => {
    await cloud.run({ pipeline: 'fedml-style' });
    const second = await cloud.run({ pipeline: 'fedml-style' });

    expect(second).toMatchObject({ status: 'SUCCEEDED' });
    const { runId } = await recordOf(second);
    const { rows } = await warehouse().query(
      'SELECT RUN_ID, COUNT(*), SUM(IS_DRY) FROM WEATHER_FORECAST GROUP BY RUN_ID',
    );
    expect(rows).toEqual([[runId, 1461, expect.any(Number)]]);
  });

  it('ends as "gate not passed", deploys nothing, and leaves the old endpoint serving', async () => {
    const before = await recordOf(await cloud.run({ pipeline: 'tiny' }));

    const strict = await cloud.run({ pipeline: 'tiny', overrides: { 'training.hyperparameters.spoil': true } });

    expect(strict).toMatchObject({ status: 'FAILED', error: 'GateNotPassedError' });
    expect(strict.cause).toMatch(/accuracy/);
    expect(before.deployment.endpoint).toBeDefined();
  });

  it.each([
    ['an unknown pipeline', { pipeline: 'tinny' }, 'UnknownPipelineError', /Did you mean "?tiny/],
    [
      'an unknown setting',
      { pipeline: 'tiny', overrides: { 'source.view': 'X' } },
      'InvalidInputError',
      /source\.view/,
    ],
    ['an unknown key', { pipeline: 'tiny', speed: 3 }, 'InvalidInputError', /speed/],
  ])('refuses %s in the first state', async (_, input, error, cause) => {
    const execution = await cloud.run(input);

    expect(execution).toMatchObject({ status: 'FAILED', error });
    expect(execution.cause).toMatch(cause);
  });
});
