import {
  type PlannedPartition,
  partitionsUri,
  type StagingPlan,
  savePartitions,
} from '#shared/dataset/staging-plan.ts';
import { type ObjectStore, parseObjectUri } from '#shared/object-store/object-store.ts';
import { HASH_COUNT, hashDigits } from '#shared/warehouse/row-hash.ts';
import type { Slice } from '#shared/warehouse/warehouse.ts';
import type { NextRound, SealDatasetInput } from './schema.ts';

/** The first wait for an overloaded warehouse; it doubles with every round. */
const FIRST_WAIT_SECONDS = 60;
const MAX_WAIT_SECONDS = 900;

/** Reads partitions that the overloaded warehouse refused: in halves, by half as many connections, and later. */
export const roundAfterOverload = (
  objectStore: ObjectStore,
  { plan, partitions, input }: { plan: StagingPlan; partitions: readonly PlannedPartition[]; input: SealDatasetInput },
  refused: readonly PlannedPartition[],
): Promise<NextRound> => {
  const halves = refused.flatMap((partition, index) => {
    const [first, second] = halvesOf(partition, plan);
    return [first, { ...second, partition: partitions.length + index }];
  });
  return save(objectStore, plan, halves, {
    round: input.round + 1,
    rereads: input.rereads,
    maxConcurrency: Math.max(1, Math.floor(input.maxConcurrency / 2)),
    waitSeconds: Math.min(FIRST_WAIT_SECONDS * 2 ** (input.round - input.rereads), MAX_WAIT_SECONDS),
  });
};

/** Reads partitions again that have changed since. */
export const roundAfterChange = (
  objectStore: ObjectStore,
  { plan, input }: { plan: StagingPlan; input: SealDatasetInput },
  changed: readonly PlannedPartition[],
): Promise<NextRound> =>
  save(objectStore, plan, changed, {
    round: input.round + 1,
    rereads: input.rereads + 1,
    maxConcurrency: input.maxConcurrency,
    waitSeconds: 0,
  });

type Settings = Pick<NextRound, 'round' | 'rereads' | 'maxConcurrency' | 'waitSeconds'>;

const save = async (
  objectStore: ObjectStore,
  { runUri, purpose }: StagingPlan,
  partitions: readonly PlannedPartition[],
  settings: Settings,
): Promise<NextRound> => {
  const uri = partitionsUri(runUri, purpose, settings.round);
  await savePartitions(
    objectStore,
    uri,
    partitions.map((partition) => ({ ...partition, round: settings.round })),
  );
  const { bucket, key } = parseObjectUri(uri);
  return { bucket, partitionsKey: key, partitionCount: partitions.length, ...settings };
};

/** The same rows in two partitions, by a hash of the key. */
const halvesOf = (partition: PlannedPartition, { key }: StagingPlan): [PlannedPartition, PlannedPartition] => {
  const { slice = { columns: key.map(({ name }) => name), from: hashDigits(0) } } = partition.rows;
  const start = Number.parseInt(slice.from, 16);
  const end = slice.below === undefined ? HASH_COUNT : Number.parseInt(slice.below, 16);
  const middle = hashDigits(Math.floor((start + end) / 2));
  const withSlice = (half: Slice): PlannedPartition => ({
    ...partition,
    rows: { ...partition.rows, slice: half },
  });
  return [withSlice({ ...slice, below: middle }), withSlice({ ...slice, from: middle })];
};
