import { csvLine } from '#shared/dataset/csv.ts';
import { partsUri } from '#shared/dataset/manifest.ts';
import { partWriter } from '#shared/dataset/part-writer.ts';
import {
  factsFolderUri,
  loadStagingPlan,
  type PartitionFacts,
  partName,
  type StagingPlan,
} from '#shared/dataset/staging-plan.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { loadRun } from '#shared/pipeline/run.ts';
import { selectRows } from '#shared/warehouse/sql.ts';
import type { RowQuery, Warehouse } from '#shared/warehouse/warehouse.ts';
import { rowSorter } from './row-sorter.ts';
import type { ExtractPartitionInput, ExtractPartitionOutput } from './schema.ts';

interface Ports {
  readonly warehouse: Warehouse;
  readonly objectStore: ObjectStore;
}

/**
 * Copies one partition of a view into one object for each dataset, in one pass and with a few batches in memory.
 * Running it again writes the same objects under the same names.
 *
 * @throws UnstageableValueError for a line break in a value, where a batch transform would cut the record there.
 */
export const extractPartition = async (
  { runUri, purpose, partition, range }: ExtractPartitionInput,
  { warehouse, objectStore }: Ports,
): Promise<ExtractPartitionOutput> => {
  const { runId } = await loadRun(objectStore, runUri);
  const plan = await loadStagingPlan(objectStore, runUri, purpose);
  const sorter = rowSorter(plan);
  const query = {
    view: { schema: plan.source.schema, name: plan.source.view },
    columns: sorter.columns.map(({ name }) => name),
    range,
  };

  const header = plan.format.header ? csvLine(plan.columns.map(({ name }) => name)) : '';
  const writers = sorter.datasets.map((dataset) => ({
    dataset,
    part: partWriter(objectStore, `${partsUri(runUri, dataset)}${partName(partition)}.csv`, header),
  }));
  try {
    await warehouse.read({ runId }, async (session) => {
      for await (const rows of session.rows(query)) {
        await Promise.all(
          sorter.sort(rows).map(({ text, rowCount }, index) => writers[index]!.part.write(text, rowCount)),
        );
      }
    });
    const parts = await Promise.all(
      writers.map(async ({ dataset, part }) => {
        const written = await part.end();
        return written ? [{ dataset, ...written }] : [];
      }),
    );
    return await record(objectStore, plan, { partition, query: textOf(query), parts: parts.flat() });
  } catch (error) {
    await Promise.all(writers.map(({ part }) => part.abort(error as Error)));
    throw error;
  }
};

/** The statement with its bounds behind it, for the manifest. */
const textOf = (query: RowQuery): string => {
  const { sql, parameters } = selectRows(query);
  return parameters.length > 0 ? `${sql} [${parameters.join(', ')}]` : sql;
};

const record = async (
  objectStore: ObjectStore,
  { runUri, purpose }: StagingPlan,
  { partition, query, parts }: Omit<PartitionFacts, 'rowCount'>,
): Promise<ExtractPartitionOutput> => {
  const rowCount = parts.reduce((sum, part) => sum + part.rowCount, 0);
  const facts: PartitionFacts = { partition, query, rowCount, parts };
  await objectStore.put(
    `${factsFolderUri(runUri, purpose)}${partName(partition)}.json`,
    JSON.stringify(facts, null, 2),
  );
  return { partition, rowCount, sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0) };
};
