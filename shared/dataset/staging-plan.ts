import { z } from 'zod';
import { DatasetColumn, DatasetFormat, DatasetName, Window } from '#shared/dataset/manifest.ts';
import { DatasetMismatchError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { RunUri } from '#shared/pipeline/run.ts';
import { uriIn } from '#shared/store/uri.ts';

/** Rows to train and test on, or rows to score. */
export const StagingPurpose = z.enum(['training', 'scoring']);
export type StagingPurpose = z.infer<typeof StagingPurpose>;

/** `staging/plan-<purpose>.json`: what will be read, how, and why so. Made once a run. */
export const StagingPlan = z.strictObject({
  version: z.literal(1),
  runUri: RunUri,
  purpose: StagingPurpose,
  source: z.strictObject({ schema: z.string(), view: z.string() }),
  key: z.array(DatasetColumn).min(1),
  /** The columns of the parts, in their order. */
  columns: z.array(DatasetColumn).min(1),
  format: DatasetFormat,
  /** A batch transform cuts records at every line break, also at those inside a value. */
  refuseLineBreaks: z.boolean(),
  split: z.strictObject({ testFraction: z.number(), seed: z.string() }).optional(),
  /** The new rows of a view with a watermark. */
  window: Window.optional(),
  /** Of what is staged and how, but for the rows: datasets with the same one are the same if their rows are. */
  shapeSha256: z.string().length(64),
  /** An earlier run whose dataset is what would be staged: nothing is read. */
  reusedFrom: RunUri.optional(),
  proof: z.enum(['checksum', 'count']),
  onChange: z.enum(['fail', 'accept']),
  /** Counted when the plan was made. */
  rowCount: z.int().nonnegative(),
  estimatedBytes: z.int().nonnegative(),
  partitionCount: z.int().nonnegative(),
  maxConcurrency: z.int().positive(),
  explanation: z.string(),
});
export type StagingPlan = z.infer<typeof StagingPlan>;

const Range = z.union([
  z.strictObject({ column: z.string(), isNull: z.literal(true) }),
  z.strictObject({
    column: z.string(),
    from: z.string().optional(),
    below: z.string().optional(),
    orNull: z.literal(true).optional(),
  }),
]);

const Slice = z.strictObject({
  columns: z.array(z.string()).min(1).readonly(),
  from: z.string(),
  below: z.string().optional(),
});

/** One line of `staging/partitions-<purpose>-<round>.jsonl`: the event of one ExtractPartition. */
export const PlannedPartition = z.strictObject({
  runUri: RunUri,
  purpose: StagingPurpose,
  partition: z.int().nonnegative(),
  /** Counts how often partitions had to be read again; a partition of a later round takes the place of an earlier one. */
  round: z.int().nonnegative(),
  rows: z.strictObject({ range: Range.optional(), slice: Slice.optional(), window: Window.optional() }),
});
export type PlannedPartition = z.infer<typeof PlannedPartition>;

/** `staging/<purpose>/part-00000.json`: what became of one partition. */
export const PartitionFacts = z.strictObject({
  partition: z.int().nonnegative(),
  round: z.int().nonnegative(),
  query: z.string(),
  rowCount: z.int().nonnegative(),
  /** The sum of the rows' checksums; 0 when the proof is the count. */
  checksum: z.string(),
  /** The values of text columns that have few, among the rows to train on or to score. */
  categories: z.record(z.string(), z.array(z.string()).readonly()).optional(),
  /** The objects that were written; a dataset that got no row of the partition has none. */
  parts: z.array(
    z.strictObject({
      dataset: DatasetName,
      uri: uriIn('staged'),
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

export const partitionsUri = (runUri: string, purpose: StagingPurpose, round: number): string =>
  `${runUri}staging/partitions-${purpose}-${round}.jsonl`;

/** Written last of all: what is staged is sealed, and recorded for later runs. */
export const sealUri = (runUri: string, purpose: StagingPurpose): string => `${runUri}staging/sealed-${purpose}.json`;

/** The folder of what became of the partitions. */
export const factsFolderUri = (runUri: string, purpose: StagingPurpose): string => `${runUri}staging/${purpose}/`;

export const factsUri = (runUri: string, purpose: StagingPurpose, partition: number): string =>
  `${factsFolderUri(runUri, purpose)}${partName(partition)}.json`;

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

export const savePartitions = async (
  objectStore: ObjectStore,
  uri: string,
  partitions: readonly PlannedPartition[],
): Promise<void> => {
  await objectStore.put(uri, partitions.map((partition) => `${JSON.stringify(partition)}\n`).join(''));
};

/** The partitions that make up the view after some rounds, by their numbers. */
export const loadPartitions = async (
  objectStore: ObjectStore,
  { runUri, purpose }: Pick<StagingPlan, 'runUri' | 'purpose'>,
  round: number,
): Promise<PlannedPartition[]> => {
  const partitions: PlannedPartition[] = [];
  for (let each = 0; each <= round; each += 1) {
    const { text } = await objectStore.getText(partitionsUri(runUri, purpose, each));
    for (const line of text.split('\n')) {
      if (line === '') continue;
      const partition = PlannedPartition.parse(JSON.parse(line));
      partitions[partition.partition] = partition;
    }
  }
  return partitions;
};

/** The columns to read: those of the parts, then those of the key that the parts leave out. */
export const columnsRead = ({ columns, key }: Pick<StagingPlan, 'columns' | 'key'>): DatasetColumn[] => {
  const names = new Set(columns.map(({ name }) => name));
  return [...columns, ...key.filter(({ name }) => !names.has(name))];
};
