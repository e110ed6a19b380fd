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

  it('loses no value from the view to the training file, nor from the predictions to the table', async () => {
    const execution = await cloud.run({ pipeline: 'odd-values' });

    expect(execution).toMatchObject({ status: 'SUCCEEDED' });
    const columns = 'ID, BIG, EXACT, AT, NOTE';
    const before = await warehouse().query(`SELECT ${columns} FROM FLIGHTS.V_ODD_VALUES ORDER BY ID`);
    const after = await warehouse().query(`SELECT ${columns} FROM ODD_VALUES_ECHOED ORDER BY ID`);
    expect(after.rows).toEqual(before.rows);
    expect(after.rows.length).toBe(8);
    expect(after.rows[0]!.slice(0, 3)).toEqual([
      '9007199254740993',
      '9223372036854775807',
      '1234567890123456789012345678.0123456789',
    ]);
    expect(after.rows.map((row) => row[4])).toEqual(
      expect.arrayContaining([null, '', 'line one\nline two', 'carriage\r\nreturn', '🛫 Zürich, 漢字, e\u0301']),
    );
  });

  it.each([
    ['an unknown setting', { pipeline: 'tiny', overrides: { 'source.view': 'X' } }, /source\.view/],
    ['an unknown key', { pipeline: 'tiny', speed: 3 }, /speed/],
  ])('refuses %s in the first state', async (_, input, cause) => {
    const execution = await cloud.run(input);

    expect(execution).toMatchObject({ status: 'FAILED', error: 'InvalidInputError' });
    expect(execution.cause).toMatch(cause);
  });
});
