import type { PlanPartitionsOutput } from '#functions/staging/plan-partitions/schema.ts';
import type { SealDatasetOutput } from '#functions/staging/seal-dataset/schema.ts';
import { partitionsUri, type StagingPurpose } from '#shared/dataset/staging-plan.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { PipelineDefinition } from '#shared/pipeline/definition.ts';
import { type Run, runFolderUri, runRecordUri } from '#shared/pipeline/run.ts';
import type { Measurement } from '../measured.ts';
import type { StandIns } from '../stand-ins/open.ts';
import { openFunctions } from './functions.ts';

export interface StageOurs {
  readonly view: string;
  readonly delayMs: number;
  readonly runId: string;
  /** How many functions work at once; the plan may allow fewer. */
  readonly environmentCount: number;
  /** `scoring` copies the rows, as the baselines do; `training` splits them by a hash of the key as well. */
  readonly purpose?: StagingPurpose;
}

export interface StagedOurs extends Measurement {
  readonly partsUris: readonly string[];
  readonly sizeBytes: number;
  readonly partitionCount: number;
}

/** The product's staging: PlanPartitions, ExtractPartition for each partition, SealDataset. */
export const stageOurs = async (
  standIns: StandIns,
  objectStore: ObjectStore,
  { view, delayMs, runId, environmentCount, purpose = 'scoring' }: StageOurs,
): Promise<StagedOurs> => {
  const { runUri } = await recordRun(objectStore, runId, { view });
  const functions = await openFunctions(standIns.configAt(delayMs), environmentCount, standIns.environment);
  try {
    const plan = await functions.invoke<PlanPartitionsOutput>('planPartitions', { runUri, purpose });
    const { text } = await objectStore.getText(partitionsUri(runUri, purpose));
    const partitions = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    await functions.map('extractPartition', partitions);
    const sealed = Object.values(await functions.invoke<SealDatasetOutput>('sealDataset', { runUri, purpose }));
    const sum = (of: (dataset: { rowCount: number; sizeBytes: number }) => number): number =>
      sealed.reduce((total, dataset) => total + of(dataset), 0);
    return {
      ...functions.measurement(sum(({ rowCount }) => rowCount)),
      sizeBytes: sum(({ sizeBytes }) => sizeBytes),
      partsUris: sealed.map(({ partsUri }) => partsUri),
      partitionCount: plan.partitionCount,
    };
  } finally {
    await functions.close();
  }
};

/** What ResolveRun would have recorded of a run. */
export const recordRun = async (
  objectStore: ObjectStore,
  runId: string,
  { view, prediction = {} }: { readonly view: string; readonly prediction?: object },
): Promise<Run> => {
  const run: Run = {
    runId,
    pipeline: 'bench',
    mode: 'full',
    runUri: runFolderUri('s3://bench', 'bench', runId),
    executionArn: `arn:aws:states:eu-central-1:000000000000:execution:pipeline:${runId}`,
    startedAt: '2026-01-01T00:00:00.000Z',
    input: {},
    definition: PipelineDefinition.parse({
      name: 'bench',
      source: { view, key: ['ID'], target: 'LATE', header: false },
      deployment: { target: 'sagemaker' },
      prediction: {
        source: { view, key: ['ID'] },
        method: 'endpoint',
        columns: [{ name: 'PROBABILITY', type: 'DOUBLE' }],
        target: { table: 'PREDICTIONS', mode: 'append' },
        ...prediction,
      },
    }),
    codeSha256: 'c0de',
  };
  await objectStore.put(runRecordUri(run.runUri), JSON.stringify(run));
  return run;
};
