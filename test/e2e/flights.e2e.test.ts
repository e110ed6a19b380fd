import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { extract } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pythonInterpreter } from '#local/sagemaker/python-interpreter.ts';
import { config } from '#shared/config.ts';
import type { ExecutionDescription } from '#shared/executions/executions.ts';
import { loadModelRecord } from '#shared/models/model-record.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { loadRunRecord, type RunRecord } from '#shared/pipeline/run-record.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { secretsManagerCredentials } from '#shared/warehouse/secrets-manager.ts';
import { openTestCloud, ROOT_DIR, type TestCloud } from './test-cloud.ts';

describe('the flights pipeline, from warehouse to warehouse', () => {
  let cloud: TestCloud;
  let execution: ExecutionDescription;
  let record: RunRecord;
  let scratch: string;

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'fedml-flights-'));
    cloud = await openTestCloud({ pipelinesDir: join(ROOT_DIR, 'pipelines') });
    execution = await cloud.run({ pipeline: 'flights' });
    if (execution.status !== 'SUCCEEDED') throw new Error(`${execution.error}: ${execution.cause}`);
    record = await loadRunRecord(s3ObjectStore(), (execution.output as { runUri: string }).runUri);
  });

  afterAll(async () => {
    await cloud?.close();
    await rm(scratch, { recursive: true, force: true });
  });

  it('stages exactly the flights that the view is defined by', async () => {
    const [expected] = await sourceQuery(
      `SELECT count(*)::INTEGER FROM flight WHERE departure < '2001-06-01' AND sha256(flight_id::VARCHAR)[1:4] < '1999'`,
    );

    expect(record.datasets.train!.rowCount + record.datasets.test!.rowCount).toBe(expected![0]);
    expect(expected![0]).toBeGreaterThan(200_000);
    expect(record.datasets.test!.rowCount / (expected![0] as number)).toBeCloseTo(0.2, 2);
  });

  it('trains a model that is better than chance and than its baseline', () => {
    const { metrics, gatePassed } = record.training.evaluation!;

    expect(gatePassed).toBe(true);
    expect(metrics['test:auc']).toBeGreaterThan(0.66);
    expect(metrics['test:auc']).toBeGreaterThan(metrics['baseline:auc']! + 0.03);
  });

  it('writes one prediction for each flight to score, and each is the one that the model gives', async () => {
    const modelDir = await downloadModel(record, scratch);
    const expected = await predictApart(modelDir);

    const warehouse = hanaWarehouse(secretsManagerCredentials(() => config().warehouseSecretArn));
    const { rows } = await warehouse.query(
      'SELECT FLIGHT_ID, LATE_PROBABILITY, RUN_ID, MODEL FROM FLIGHT_DELAY_PREDICTIONS ORDER BY FLIGHT_ID',
    );

    expect(rows.length).toBe(expected.length);
    const written = rows.map(([key, probability]) => [Number(key), probability]);
    expect(written.map(([key]) => key)).toEqual(expected.map(([key]) => key));
    const furthest = Math.max(
      ...written.map(([, probability], row) => Math.abs((probability as number) - expected[row]![1])),
    );
    expect(furthest).toBeLessThan(1e-12);
    expect(new Set(rows.map(([, , runId]) => runId))).toEqual(new Set([record.runId]));
    expect(new Set(rows.map(([, , , model]) => model))).toEqual(new Set([record.training.evaluation!.trainingJobName]));
  });

  it('predicts the same rows through the endpoint', async () => {
    const { sageMakerModelServer } = await import('#shared/sagemaker/sagemaker-runtime.ts');
    const lines = await sourceQuery(`${FEATURES_SQL} ORDER BY flight_id LIMIT 3`);

    const answer = await sageMakerModelServer().predict(
      'flights',
      lines.map(([, ...features]) => `${features.join(',')}\n`).join(''),
    );

    expect(answer.trim().split('\n').map(Number)).toEqual([expect.any(Number), expect.any(Number), expect.any(Number)]);
  });
});

const DATA = join(ROOT_DIR, 'node_modules', 'vega-datasets', 'data');

const FEATURES_SQL = `
  SELECT flight_id AS "FLIGHT_ID", strftime(departure, '%Y-%m-%d %H:%M:%S') AS "DEPARTURE", distance AS "DISTANCE_MILES",
    origin AS "ORIGIN", destination AS "DESTINATION", o.latitude AS "ORIGIN_LATITUDE", o.longitude AS "ORIGIN_LONGITUDE",
    d.latitude AS "DESTINATION_LATITUDE", d.longitude AS "DESTINATION_LONGITUDE"
  FROM flight JOIN airport AS o ON o.iata = origin JOIN airport AS d ON d.iata = destination
  WHERE departure >= '2001-06-28'`;

/** Asks the example's source files, apart from the warehouse and its views. */
const sourceQuery = async (sql: string): Promise<unknown[][]> => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(
    `CREATE VIEW flight AS SELECT row_number() OVER () AS flight_id, date::TIMESTAMP AS departure, * FROM '${DATA}/flights-3m.parquet'`,
  );
  await connection.run(`CREATE VIEW airport AS SELECT * FROM '${DATA}/airports.csv'`);
  const rows = (await connection.runAndReadAll(sql)).getRowsJS() as unknown[][];
  connection.closeSync();
  instance.closeSync();
  return rows.map((row) => row.map((value) => (typeof value === 'bigint' ? Number(value) : value)));
};

const downloadModel = async ({ runId, training }: RunRecord, scratch: string): Promise<string> => {
  const { modelArchive } = await loadModelRecord(s3ObjectStore(), training.model!.modelRecordUri);
  expect(modelArchive.uri).toContain(`/training-output/flights/${runId}/`);
  const archive = extract();
  archive.on('entry', (header, stream, next) => {
    if (header.type !== 'file') return void stream.resume().on('end', next);
    const chunks: Buffer[] = [];
    stream.on('data', (chunk) => chunks.push(chunk as Buffer));
    stream.on(
      'end',
      () =>
        void writeFile(join(scratch, header.name.replace(/^\.\//, '')), Buffer.concat(chunks)).then(() => next(), next),
    );
  });
  await pipeline(await s3ObjectStore().getStream(modelArchive.uri), createGunzip(), archive);
  return scratch;
};

/** Keys and probabilities in the order of the keys, from the source files through the model, without anything of the pipeline. */
const predictApart = async (modelDir: string): Promise<[number, number][]> => {
  const rows = await sourceQuery(`${FEATURES_SQL} ORDER BY flight_id`);
  const header =
    'FLIGHT_ID,DEPARTURE,DISTANCE_MILES,ORIGIN,DESTINATION,ORIGIN_LATITUDE,ORIGIN_LONGITUDE,DESTINATION_LATITUDE,DESTINATION_LONGITUDE';
  const { stdout, stderr, status } = spawnSync(
    await pythonInterpreter(ROOT_DIR),
    [join(import.meta.dirname, 'predict-with-model.py'), modelDir, join(ROOT_DIR, 'pipelines', 'flights', 'train.py')],
    { input: [header, ...rows.map((row) => row.join(','))].join('\n'), encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  expect(stderr + status).toBe('0');
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.split(',').map(Number) as [number, number]);
};
