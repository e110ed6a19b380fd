import { z } from 'zod';
import { factsUri, PartitionFacts, type PlannedPartition } from '#shared/dataset/staging-plan.ts';
import { DatasetMismatchError, ObjectMissingError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';

/** Small objects that are read at once, so that 10,000 of them take seconds. */
const CONCURRENCY = 32;

/** What became of each partition, in their order; undefined where nothing did. */
export const loadPartitionFacts = async (
  objectStore: ObjectStore,
  partitions: readonly PlannedPartition[],
): Promise<(PartitionFacts | undefined)[]> => {
  const facts: (PartitionFacts | undefined)[] = partitions.map(() => undefined);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < partitions.length) {
      const index = next++;
      const { runUri, purpose, partition, round } = partitions[index]!;
      const found = await loadFacts(objectStore, factsUri(runUri, purpose, partition));
      if (found && found.round >= round) facts[index] = found;
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, partitions.length) }, worker));
  return facts;
};

const loadFacts = async (objectStore: ObjectStore, uri: string): Promise<PartitionFacts | undefined> => {
  const text = await textOf(objectStore, uri);
  if (text === undefined) return undefined;
  const facts = PartitionFacts.safeParse(JSON.parse(text));
  if (!facts.success) {
    throw new DatasetMismatchError(`${uri} is not the record of a partition.\n${z.prettifyError(facts.error)}`);
  }
  return facts.data;
};

const textOf = async (objectStore: ObjectStore, uri: string): Promise<string | undefined> => {
  try {
    return (await objectStore.getText(uri)).text;
  } catch (error) {
    if (error instanceof ObjectMissingError) return undefined;
    throw error;
  }
};
