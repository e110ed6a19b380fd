import { expect, it } from 'vitest';
import type { PublishPredictionsOutput } from '#functions/prediction/publish-predictions/schema.ts';
import type { SealDatasetOutput } from '#functions/staging/seal-dataset/schema.ts';
import { stateDetail } from '../../cli/state-detail.ts';

const detailOf = (state: string, result: unknown): string =>
  stateDetail({
    kind: 'exited',
    machine: 'staging',
    state,
    type: 'Task',
    at: new Date(0),
    milliseconds: 1,
    result,
  } as never);

const part = {
  manifestUri: 's3://store/runs/flights/run-1/train/manifest.json',
  partsUri: 's3://store/staged/flights/run-1/train/',
  sizeBytes: 10,
};
const sealed: SealDatasetOutput = { sealed: { train: { ...part, rowCount: 1200 }, test: { ...part, rowCount: 300 } } };
const again: SealDatasetOutput = {
  next: { bucket: 'b', partitionsKey: 'k', partitionCount: 2, maxConcurrency: 1, round: 1, rereads: 1, waitSeconds: 0 },
};
const published: PublishPredictionsOutput = {
  schema: 'S',
  table: 'T',
  mode: 'append',
  rowCount: 1500,
  rejectedCount: 0,
  writeId: 'a'.repeat(64),
  alreadyPublished: false,
};

it.each([
  ['PlanPartitions', { rowCount: 1500, partitionCount: 4 }, '1,500 rows in 4 partitions'],
  ['PlanPartitions', { rowCount: 1500, partitionCount: 0 }, '1,500 rows that an earlier run staged'],
  ['PlanPartitions', { rowCount: 0, partitionCount: 0 }, '0 rows in 0 partitions'],
  ['SealDataset', sealed, '1,200 rows to train, 300 rows to test'],
  ['SealDataset', again, '2 partitions to read again'],
  ['PublishPredictions', published, '1,500 rows in T'],
  ['EvaluateModel', { gatePassed: true, metrics: { auc: 0.7, f1: null }, reason: '' }, 'auc 0.7, f1 none'],
  [
    'FindModel',
    { reused: { runUri: 's3://b/runs/orders/orders-1/' }, because: 'the data is the same' },
    'model reused from run orders-1: the data is the same',
  ],
  ['FindModel', { reused: null, because: 'the code changed' }, 'has to train: the code changed'],
  [
    'PlanScoring',
    { reused: { runUri: 's3://b/runs/orders/orders-1/', because: 'the rows are the same' } },
    'predictions reused from run orders-1: the rows are the same',
  ],
  ['PlanScoring', { reused: null }, ''],
  ['AnnounceRun', {}, ''],
])('says of %s what its function answered', (state, result, detail) => {
  expect(detailOf(state, result)).toBe(detail);
});
