import { z } from 'zod';
import { factsFolderUri, PartitionFacts, partName, type StagingPlan } from '#shared/dataset/staging-plan.ts';
import { DatasetMismatchError, ObjectMissingError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';

/** Small objects that are read at once, so that 10,000 of them take seconds. */
const CONCURRENCY = 32;

/**
 * What became of each planned partition, in the order of the plan.
 *
 * @throws DatasetMismatchError naming the partitions that nothing became of.
 */
export const loadPartitionFacts = async (
  objectStore: ObjectStore,
  { runUri, purpose, partitionCount }: StagingPlan,
): Promise<PartitionFacts[]> => {
  const facts: (PartitionFacts | undefined)[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < partitionCount) {
      const partition = next++;
      facts[partition] = await loadFacts(objectStore, `${factsFolderUri(runUri, purpose)}${partName(partition)}.json`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, partitionCount) }, worker));
  return complete(facts);
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

const complete = (facts: readonly (PartitionFacts | undefined)[]): PartitionFacts[] => {
  const missing = facts.flatMap((partition, index) => (partition ? [] : [index]));
  if (missing.length > 0) {
    const shown = missing.slice(0, 10).join(', ');
    throw new DatasetMismatchError(
      `${missing.length} of ${facts.length} partitions were not extracted: ${shown}${missing.length > 10 ? ' …' : ''}.`,
    );
  }
  return facts.filter((partition) => partition !== undefined);
};
