import { z } from 'zod';
import { DatasetColumn, DatasetName } from '#shared/dataset/manifest.ts';
import { DatasetMismatchError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { RunUri } from '#shared/pipeline/run.ts';

/** Rows to train and test on, or rows to score. */
export const StagingPurpose = z.enum(['training', 'scoring']);
export type StagingPurpose = z.infer<typeof StagingPurpose>;

/** `staging/plan-<purpose>.json`: what will be read, how, and why so. */
export const StagingPlan = z.strictObject({
  version: z.literal(1),
  runUri: RunUri,
  purpose: StagingPurpose,
  source: z.strictObject({ schema: z.string(), view: z.string() }),
  key: z.array(DatasetColumn).min(1),
  /** The columns of the parts, in their order. */
  columns: z.array(DatasetColumn).min(1),
  format: z.strictObject({ type: z.literal('csv'), header: z.boolean() }),
  /** A batch transform cuts records at every line break, also at those inside a value. */
  refuseLineBreaks: z.boolean(),
  split: z.strictObject({ testFraction: z.number(), seed: z.string() }).optional(),
  /** Counted when the plan was made. */
  rowCount: z.int().positive(),
  partitionCount: z.int().positive(),
  explanation: z.string(),
});
export type StagingPlan = z.infer<typeof StagingPlan>;

const Range = z.union([
  z.strictObject({ column: z.string(), isNull: z.literal(true) }),
  z.strictObject({ column: z.string(), from: z.string().optional(), below: z.string().optional() }),
]);

/** One line of `staging/partitions-<purpose>.jsonl`: the event of one ExtractPartition. */
export const PlannedPartition = z.strictObject({
  runUri: RunUri,
  purpose: StagingPurpose,
  partition: z.int().nonnegative(),
  range: Range.optional(),
});
export type PlannedPartition = z.infer<typeof PlannedPartition>;

/** `staging/<purpose>/part-00000.json`: what became of one partition. */
export const PartitionFacts = z.strictObject({
  partition: z.int().nonnegative(),
  query: z.string(),
  rowCount: z.int().nonnegative(),
  /** The objects that were written; a dataset that got no row of the partition has none. */
  parts: z.array(
    z.strictObject({
      dataset: DatasetName,
      uri: z.string().startsWith('s3://'),
      rowCount: z.int().positive(),
      sizeBytes: z.int().positive(),
      sha256: z.string().length(64),
    }),
  ),
});
export type PartitionFacts = z.infer<typeof PartitionFacts>;

export const DATASETS_OF: Readonly<Record<StagingPurpose, readonly DatasetName[]>> = {
  training: ['train', 'test'],
  scoring: ['score'],
};

export const stagingPlanUri = (runUri: string, purpose: StagingPurpose): string =>
  `${runUri}staging/plan-${purpose}.json`;

export const partitionsUri = (runUri: string, purpose: StagingPurpose): string =>
  `${runUri}staging/partitions-${purpose}.jsonl`;

/** The folder of what became of the partitions. */
export const factsFolderUri = (runUri: string, purpose: StagingPurpose): string => `${runUri}staging/${purpose}/`;

/** Five digits, so that the order of names is the order of partitions. */
export const partName = (partition: number): string => `part-${String(partition).padStart(5, '0')}`;

export const loadStagingPlan = async (
  objectStore: ObjectStore,
  runUri: string,
  purpose: StagingPurpose,
): Promise<StagingPlan> => {
  const uri = stagingPlanUri(runUri, purpose);
  const plan = StagingPlan.safeParse(JSON.parse((await objectStore.getText(uri)).text));
  if (!plan.success) throw new DatasetMismatchError(`${uri} is not a staging plan.\n${z.prettifyError(plan.error)}`);
  return plan.data;
};
