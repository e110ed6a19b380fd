import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extractPartition } from '#functions/staging/extract-partition/extract-partition.ts';
import { ExtractPartitionInput } from '#functions/staging/extract-partition/schema.ts';
import { planPartitions } from '#functions/staging/plan-partitions/plan-partitions.ts';
import { PlanPartitionsInput } from '#functions/staging/plan-partitions/schema.ts';
import { SealDatasetInput } from '#functions/staging/seal-dataset/schema.ts';
import { sealDataset } from '#functions/staging/seal-dataset/seal-dataset.ts';
import { lastDatasetUri } from '#shared/dataset/last-dataset.ts';
import { loadManifest, partsUri } from '#shared/dataset/manifest.ts';
import { partitionsUri, savePartitions } from '#shared/dataset/staging-plan.ts';
import { WarehouseOverloadedError, WarehouseUnavailableError } from '#shared/errors.ts';
import { stepFunctionsMapRuns } from '#shared/executions/step-functions.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { parseObjectUri } from '#shared/object-store/object-store.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import type { Row } from '#shared/warehouse/warehouse.ts';
import { type OpenS3, openS3 } from '#test/local/s3/open-s3.ts';
import {
  machineIam,
  type OpenStepFunctions,
  openStepFunctions,
} from '#test/local/step-functions/open-step-functions.ts';
import { givenRun } from '#test/shared/pipeline/fixture.ts';
import { inMemoryWarehouse } from '#test/shared/warehouse/in-memory.ts';
import { machines } from './definitions.ts';
import { substitute } from './substitute.ts';

const definition = JSON.parse(
  substitute(machines.find(({ name }) => name === 'staging')!.text)
    .replaceAll(/"IntervalSeconds": \d+/g, '"IntervalSeconds": 1')
    .replace('"{% $plan.waitSeconds %}"', '0'),
);

/** Enough rows for four partitions of a megabyte: three ranges, and one for the rows without a value. */
const ROWS = Array.from({ length: 150_010 }, (_, index): Row => [index < 10 ? null : index, index % 2]);

const COLUMNS = [columnOfType('ID', 'BIGINT'), columnOfType('LATE', 'INTEGER')];

/** What a call of ExtractPartition, counted from 1, fails with. */
type Fails = (
  call: number,
  partition: ExtractPartitionInput,
  views: ReturnType<typeof inMemoryWarehouse>['views'],
) => Error | undefined;

describe('staging, on S3 and Step Functions of the laptop', () => {
  let s3: OpenS3;
  let stepFunctions: OpenStepFunctions;
  let objectStore: ObjectStore;
  beforeAll(async () => {
    const iam = machineIam();
    s3 = await openS3({ iam });
    await s3.client.send(new CreateBucketCommand({ Bucket: 'store' }));
    objectStore = s3ObjectStore(s3.client);
    stepFunctions = await openStepFunctions({ iam, s3: s3.url });
  });
  afterAll(async () => {
    await stepFunctions[Symbol.asyncDispose]();
    await s3[Symbol.asyncDispose]();
  });

  /** Runs the machine; `fails` tells for a call of ExtractPartition, counted from 1, what it fails with. */
  const stage = async (runId: string, fails: Fails = () => undefined, remembersLast = false) => {
    const source = { view: 'V_TRAINING', key: ['ID'], target: 'LATE', partSizeMb: 1 };
    const { runUri } = await givenRun(objectStore, { runId, settings: { source } });
    if (!remembersLast) await objectStore.delete(lastDatasetUri(runUri, 'training'));
    const warehouse = inMemoryWarehouse({ V_TRAINING: { columns: COLUMNS, rows: ROWS } });
    const ports = { objectStore, warehouse };
    let calls = 0;
    Object.assign(stepFunctions.lambda.functions, {
      planPartitions: (event: unknown) => planPartitions(PlanPartitionsInput.parse(event), ports),
      extractPartition: (event: unknown) => {
        calls += 1;
        const failure = fails(calls, ExtractPartitionInput.parse(event), warehouse.views);
        if (failure) throw failure;
        return extractPartition(ExtractPartitionInput.parse(event), ports);
      },
      sealDataset: (event: unknown) => sealDataset(SealDatasetInput.parse(event), ports),
    });
    return { runUri, execution: await stepFunctions.run(definition, { runUri, purpose: 'training' }) };
  };

  it('extracts every partition and answers the sealed datasets', async () => {
    const { runUri, execution } = await stage('run-1');

    expect(execution.status).toBe('SUCCEEDED');
    const { train, test } = execution.value as Record<string, { manifestUri: string; rowCount: number }>;
    expect(train!.rowCount + test!.rowCount).toBe(ROWS.length);
    const manifests = await Promise.all(
      ['train', 'test'].map((dataset) => loadManifest(objectStore, `${runUri}${dataset}/manifest.json`)),
    );
    const partitions = manifests.flatMap(({ parts }) => parts.map(({ partition }) => partition));
    expect([...new Set(partitions)].sort()).toEqual([0, 1, 2, 3]);
    expect(manifests.map(({ rowCount }) => rowCount)).toEqual([train!.rowCount, test!.rowCount]);
  });

  it('reads nothing where the view is what the last run staged', async () => {
    const before = await stage('run-first');
    const noCall = () => new Error('nothing is to be read');

    const { execution } = await stage('run-again', noCall, true);

    expect(execution.status).toBe('SUCCEEDED');
    expect(execution.value).toMatchObject({ train: { partsUri: partsUri(before.runUri, 'train') } });
  });

  it('reads a partition again that lost its connection', async () => {
    const { execution } = await stage('run-2', (call) =>
      call === 2 ? new WarehouseUnavailableError('The connection was lost.') : undefined,
    );

    expect(execution.status).toBe('SUCCEEDED');
  });

  it('leaves a partition that the warehouse refuses, and reads it in halves while the others are not read again', async () => {
    const calls: string[] = [];
    const { runUri, execution } = await stage('run-overloaded', (_call, { partition, round }) => {
      calls.push(`${partition} in round ${round}`);
      return partition === 1 && round === 0 ? new WarehouseOverloadedError('616: rejected') : undefined;
    });

    expect(execution).toMatchObject({ status: 'SUCCEEDED' });
    expect(calls.filter((call) => call.endsWith('round 1')).sort()).toEqual(['1 in round 1', '4 in round 1']);
    expect(calls.filter((call) => call === '1 in round 0')).toHaveLength(3);
    expect(calls.filter((call) => call === '0 in round 0')).toHaveLength(1);
    const { train, test } = execution.value as Record<string, { rowCount: number }>;
    expect(train!.rowCount + test!.rowCount).toBe(ROWS.length);
    const { source } = await loadManifest(objectStore, `${runUri}train/manifest.json`);
    expect(source.queries).toHaveLength(5);
  });

  it('reads a partition again whose rows changed after they were read', async () => {
    const { runUri, execution } = await stage('run-changed', (_call, { partition, round }, views) => {
      // The last partition is read when the rows of the first have been.
      if (partition === 2 && round === 0) {
        views.set('V_TRAINING', { columns: COLUMNS, rows: ROWS.with(20, [20, 7]) });
      }
      return undefined;
    });

    expect(execution.status).toBe('SUCCEEDED');
    const manifests = await Promise.all(
      ['train', 'test'].map((dataset) => loadManifest(objectStore, `${runUri}${dataset}/manifest.json`)),
    );
    expect(manifests[0]!.completeness!.read).toEqual(manifests[0]!.completeness!.view);
  });

  it('maps over ten thousand partitions whose plan is one object', async () => {
    const { runUri } = await givenRun(objectStore, { runId: 'run-10000' });
    const partitions = Array.from({ length: 10_000 }, (_, partition) => ({
      ...{ runUri, purpose: 'training' as const, partition, round: 0 },
      rows: { range: { column: 'ID', from: String(partition * 1_000), below: String((partition + 1) * 1_000) } },
    }));
    const uri = partitionsUri(runUri, 'training', 0);
    await savePartitions(objectStore, uri, partitions);
    const { bucket, key } = parseObjectUri(uri);
    const seen = new Set<number>();
    const round = { bucket, partitionsKey: key, partitionCount: 10_000, maxConcurrency: 50 };
    Object.assign(stepFunctions.lambda.functions, {
      planPartitions: () => ({ ...round, rowCount: 10_000_000, round: 0, rereads: 0, waitSeconds: 0 }),
      extractPartition: (event: unknown) => {
        const { partition } = ExtractPartitionInput.parse(event);
        seen.add(partition);
        return { partition, rowCount: 1_000, sizeBytes: 1_000 };
      },
      sealDataset: () => ({ sealed: {} }),
    });

    const execution = await stepFunctions.run(definition, { runUri, purpose: 'training' });

    expect(execution).toMatchObject({ status: 'SUCCEEDED', value: {} });
    expect(seen.size).toBe(10_000);
  }, 120_000);

  it('fails without a manifest when a partition fails for good, and its error can be asked for', async () => {
    const { runUri, execution } = await stage('run-3', (call) =>
      call === 2 ? Object.assign(new Error('10: wrong password'), { name: 'WarehouseLoginError' }) : undefined,
    );

    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' });
    const item = await stepFunctionsMapRuns(stepFunctions.client).failedItem(execution.executionArn!);
    expect(item).toMatchObject({ Error: 'WarehouseLoginError' });
    await expect(loadManifest(objectStore, `${runUri}train/manifest.json`)).rejects.toMatchObject({
      name: 'ObjectMissingError',
    });
  });
});
