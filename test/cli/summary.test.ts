import { expect, it } from 'vitest';
import { summary } from '#cli/summary.ts';
import { PipelineDefinition } from '#shared/pipeline/definition.ts';
import type { RunRecord } from '#shared/pipeline/run-record.ts';

const DATASET = { manifestUri: '', schema: 'SALES', view: 'V_ORDERS', columns: [], sizeBytes: 1, partCount: 1 };

const RECORD: RunRecord = {
  runId: 'orders-1',
  pipeline: 'orders',
  mode: 'full',
  runUri: 's3://bucket/runs/orders/orders-1/',
  executionArn: 'arn',
  startedAt: '2026-01-01T00:00:00.000Z',
  input: {},
  definition: PipelineDefinition.parse({ name: 'orders', source: { view: 'V_ORDERS', key: ['ID'], target: 'LATE' } }),
  codeSha256: '',
  outcome: 'succeeded',
  finishedAt: '2026-01-01T00:01:05.000Z',
  durationSeconds: 65,
  failure: null,
  reused: {},
  datasets: {
    train: { ...DATASET, rowCount: 8000 },
    test: { ...DATASET, rowCount: 2000 },
    score: { ...DATASET, view: 'V_NEW_ORDERS', rowCount: 1 },
  },
  training: {
    evaluation: {
      trainingJobName: 'orders-abc',
      gatePassed: true,
      metrics: { auc: 0.81, logloss: null },
      rules: [{ metric: 'auc', min: 0.7, max: 1 }],
    },
  },
  deployment: { endpoint: { endpointName: 'orders' }, smokeTest: { rowCount: 10 } },
  prediction: {
    publication: {
      schema: 'SALES#ML',
      table: 'LATE_ORDERS',
      mode: 'upsert',
      rowCount: 1,
      rejectedCount: 0,
      writeId: 'w',
    },
  },
};

it('tells every fact of a run in a line', () => {
  expect(summary(RECORD)).toEqual([
    '  run         orders-1, full, 1 min 5 s',
    '  outcome     succeeded',
    '  read        SALES.V_ORDERS',
    '  staged      10,000 rows: 8,000 to train, 2,000 to test',
    '  model       orders-abc',
    '  metrics     auc 0.81, logloss none',
    '  gate        passed (auc ≥ 0.7 ≤ 1)',
    '  endpoint    orders',
    '  smoke test  10 rows of the test set answered',
    '  scored      1 row of SALES.V_NEW_ORDERS',
    '  written     1 row to SALES#ML.LATE_ORDERS (upsert)',
    '  record      s3://bucket/runs/orders/orders-1/run.json',
  ]);
});

it('tells of Kyma by image and URL', () => {
  const imageUri = 'registry/fedml-models@sha256:abc';
  const kyma = { url: 'https://orders.example.com/', namespace: 'fedml', name: 'orders' };
  const deployment = { image: { imageUri, bytesPushed: 12_345 }, kyma };

  expect(summary({ ...RECORD, deployment }).slice(7, 10)).toEqual([
    '  image       sha256:abc',
    '  pushed      12,345 bytes',
    '  url         https://orders.example.com/invocations',
  ]);
});

it('has no line for what a run did not come to', () => {
  const early: RunRecord = {
    ...RECORD,
    outcome: 'gateNotPassed',
    datasets: {},
    training: {},
    deployment: {},
    prediction: {},
  };

  expect(summary(early).map((line) => line.trim().split(/ {2,}/)[0])).toEqual(['run', 'outcome', 'record']);
  expect(summary(early)[1]).toBe('  outcome     gate not passed');
});

it('says what was reused and why, and how to have it done anew', () => {
  const runUri = 's3://bucket/runs/orders/orders-0/';
  const reused = {
    model: { runUri, because: 'the data is the same' },
    endpoint: { because: 'it serves this model already' },
  };

  const lines = summary({ ...RECORD, mode: 'train', reused });

  expect(lines.slice(-4, -1)).toEqual([
    '  reused      model, of orders-0: the data is the same',
    '              endpoint: it serves this model already',
    '              To do it all anew: npx fedml run orders --mode train --fresh',
  ]);
});
