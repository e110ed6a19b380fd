import { lastDatasetUri } from '#shared/dataset/last-dataset.ts';
import { loadManifest } from '#shared/dataset/manifest.ts';
import type { StagingPurpose } from '#shared/dataset/staging-plan.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { PipelineDefinition } from '#shared/pipeline/definition.ts';
import { type Run, runFolderUri, runRecordUri } from '#shared/pipeline/run.ts';
import { machineIamAsPerson, openStepFunctions } from '#test/local/step-functions/open-step-functions.ts';
import { machines } from '#test/statemachines/definitions.ts';
import { substitute } from '#test/statemachines/substitute.ts';
import type { Measurement } from '../measured.ts';
import type { StandIns } from '../stand-ins/open.ts';
import { type Call, openFunctions } from './functions.ts';

export interface StageOurs {
  readonly view: string;
  readonly delayMs: number;
  readonly runId: string;
  /** How many functions work at once; the plan may allow fewer. */
  readonly environmentCount: number;
  /** Of the training set; what is scored is CSV. */
  readonly format?: 'csv' | 'parquet' | undefined;
  /** What the pipeline says about partitions. */
  readonly reading?: { readonly partSizeMb: number; readonly maxConnections: number } | undefined;
  /** `scoring` copies the rows, as the baselines do; `training` splits them by a hash of the key as well. */
  readonly purpose: StagingPurpose;
}

interface SealedDataset {
  readonly manifestUri: string;
  readonly partsUri: string;
  readonly rowCount: number;
  readonly sizeBytes: number;
}

export interface StagedOurs extends Measurement {
  readonly partsUris: readonly string[];
  readonly sizeBytes: number;
  readonly partitionCount: number;
  /**
   * The seconds that it would have taken with a function for each partition, all at once: without those of all partitions
   * but the one that took the longest. Only meaningful when one function took them one after the other.
   */
  readonly secondsAllAtOnce: number;
}

/** The product's staging as it runs: the state machine on the laptop's Step Functions, its steps in warm functions. */
export const stageOurs = async (
  standIns: StandIns,
  objectStore: ObjectStore,
  { view, delayMs, runId, environmentCount, purpose, format, reading }: StageOurs,
): Promise<StagedOurs> => {
  const { runUri } = await recordRun(objectStore, runId, { view, format, reading });
  // Each staging reads its view, also one that an earlier staging has read.
  await objectStore.delete(lastDatasetUri(runUri, purpose));
  await using stepFunctions = await openStepFunctions({
    iam: machineIamAsPerson(),
    s3: standIns.environment.AWS_ENDPOINT_URL_S3!,
  });
  const functions = await openFunctions(standIns.configAt(delayMs), environmentCount, standIns.environment);
  try {
    for (const step of ['planPartitions', 'extractPartition', 'sealDataset'] as const) {
      stepFunctions.lambda.functions[step] = (event: unknown) => functions.invoke(step, event);
    }
    const execution = await stepFunctions.run(stagingMachine(), { runUri, purpose });
    if (execution.status !== 'SUCCEEDED')
      throw new Error(`Staging ${view} failed. ${execution.error}: ${execution.cause}`);
    const sealed = Object.values(execution.value as Record<string, SealedDataset>);
    const measurement = functions.measurement(sealed.reduce((sum, { rowCount }) => sum + rowCount, 0));
    const manifests = await Promise.all(sealed.map(({ manifestUri }) => loadManifest(objectStore, manifestUri)));
    return {
      ...measurement,
      sizeBytes: sealed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      partsUris: sealed.map(({ partsUri }) => partsUri),
      secondsAllAtOnce: measurement.seconds - waitedFor(functions.calls),
      partitionCount: new Set(manifests.flatMap(({ parts }) => parts.map(({ partition }) => partition))).size,
    };
  } finally {
    await functions.close();
  }
};

/** The seconds of all partitions but the slowest. */
const waitedFor = (calls: readonly Call[]): number => {
  const partitions = calls.flatMap(({ step, seconds }) => (step === 'extractPartition' ? [seconds] : []));
  return partitions.reduce((sum, seconds) => sum + seconds, 0) - Math.max(...partitions);
};

const stagingMachine = (): object => JSON.parse(substitute(machines.find(({ name }) => name === 'staging')!.text));

/** What ResolveRun would have recorded of a run. */
export const recordRun = async (
  objectStore: ObjectStore,
  runId: string,
  {
    view,
    format = 'csv',
    reading,
    prediction = {},
  }: Pick<StageOurs, 'view' | 'format' | 'reading'> & { readonly prediction?: object },
): Promise<Run> => {
  const source = { view, key: ['ID'], ...reading };
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
      source: { ...source, target: 'LATE', format, ...(format === 'csv' ? { header: false } : {}) },
      deployment: { target: 'sagemaker' },
      prediction: {
        source,
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
