import { categoryCounter } from '#shared/dataset/categories.ts';
import { partsUri } from '#shared/dataset/manifest.ts';
import { partFormat } from '#shared/dataset/part-format.ts';
import { type PartWriter, partWriter } from '#shared/dataset/part-writer.ts';
import { factsUri, loadStagingPlan, PartitionFacts, partName, type StagingPlan } from '#shared/dataset/staging-plan.ts';
import { ObjectMissingError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { loadRun } from '#shared/pipeline/run.ts';
import { selectRows } from '#shared/warehouse/read-sql.ts';
import type { RowQuery, Warehouse } from '#shared/warehouse/warehouse.ts';
import { checksumOf } from './checksum.ts';
import { type RowSorter, rowSorter } from './row-sorter.ts';
import type { ExtractPartitionInput, ExtractPartitionOutput } from './schema.ts';

interface Ports {
  readonly warehouse: Warehouse;
  readonly objectStore: ObjectStore;
}

/**
 * Copies one partition of a view into one object for each dataset, in one pass and with a few batches in memory. A
 * partition that was copied already isn't read again; one that was copied by half is written anew under the same names.
 *
 * @throws UnstageableValueError for a line break in a value, where a batch transform would cut the record there.
 */
export const extractPartition = async (
  planned: ExtractPartitionInput,
  { warehouse, objectStore }: Ports,
): Promise<ExtractPartitionOutput> => {
  const { runUri, purpose, partition, round } = planned;
  const plan = await loadStagingPlan(objectStore, runUri, purpose);
  const sorter = rowSorter(plan);
  const query: RowQuery = {
    view: { schema: plan.source.schema, name: plan.source.view },
    columns: sorter.columns.map(({ name }) => name),
    rows: planned.rows,
    checksumOf: plan.proof === 'checksum' ? sorter.columns : undefined,
  };
  const text = textOf(query);

  const done = await existingFacts(objectStore, planned);
  if (done && done.round >= round && done.query === text) return answerOf(done);

  const { runId } = await loadRun(objectStore, runUri);
  const copied = await copy(
    query,
    runId,
    sorter,
    writersOf(objectStore, plan, sorter, partition),
    warehouse,
    plan.columns,
  );
  const facts: PartitionFacts = { partition, round, query: text, ...copied };
  await objectStore.put(factsUri(runUri, purpose, partition), JSON.stringify(facts, null, 2));
  return answerOf(facts);
};

const writersOf = (
  objectStore: ObjectStore,
  plan: StagingPlan,
  { datasets }: RowSorter,
  partition: number,
): PartWriter[] => {
  const format = partFormat(plan.format, plan.columns);
  return datasets.map((dataset) =>
    partWriter(objectStore, `${partsUri(plan.runUri, dataset)}${partName(partition)}${format.extension}`, format),
  );
};

const copy = async (
  query: RowQuery,
  runId: string,
  { sort, datasets }: RowSorter,
  writers: readonly PartWriter[],
  warehouse: Warehouse,
  columns: StagingPlan['columns'],
): Promise<Pick<PartitionFacts, 'rowCount' | 'checksum' | 'parts' | 'categories'>> => {
  // Of the first dataset: the rows to train on, or those to score.
  const counter = categoryCounter(columns);
  let rowCount = 0;
  let checksum = 0n;
  try {
    await warehouse.read({ runId }, async (session) => {
      for await (const rows of session.rows(query)) {
        rowCount += rows.length;
        if (query.checksumOf) checksum += checksumOf(rows);
        const sorted = sort(rows);
        counter.add(sorted[0]!);
        for (const [index, writer] of writers.entries()) await writer.write(sorted[index]!);
      }
    });
    const parts = await Promise.all(
      writers.map(async (writer, index) => {
        const written = await writer.end();
        return written ? [{ dataset: datasets[index]!, ...written }] : [];
      }),
    );
    return { rowCount, checksum: String(checksum), parts: parts.flat(), categories: counter.categories() };
  } catch (error) {
    await Promise.all(writers.map((writer) => writer.abort(error as Error)));
    throw error;
  }
};

const existingFacts = async (
  objectStore: ObjectStore,
  { runUri, purpose, partition }: ExtractPartitionInput,
): Promise<PartitionFacts | undefined> => {
  try {
    return PartitionFacts.parse(JSON.parse((await objectStore.getText(factsUri(runUri, purpose, partition))).text));
  } catch (error) {
    if (error instanceof ObjectMissingError) return undefined;
    throw error;
  }
};

const answerOf = ({ partition, rowCount, parts }: PartitionFacts): ExtractPartitionOutput => ({
  partition,
  rowCount,
  sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
});

/** The statement with its bounds behind it, for the manifest. */
const textOf = (query: RowQuery): string => {
  const { sql, parameters } = selectRows(query);
  return parameters.length > 0 ? `${sql} [${parameters.join(', ')}]` : sql;
};
