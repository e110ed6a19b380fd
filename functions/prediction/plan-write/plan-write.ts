import { loadManifest, manifestUri } from '#shared/dataset/manifest.ts';
import { DatasetMismatchError, InvalidInputError } from '#shared/errors.ts';
import type { RunEndings } from '#shared/executions/run-endings.ts';
import { type ObjectStore, type ObjectSummary, parseObjectUri } from '#shared/object-store/object-store.ts';
import { loadRun } from '#shared/pipeline/run.ts';
import { predictionColumns, targetTable } from '#shared/predictions/target-table.ts';
import {
  type PlannedPart,
  plannedPartsUri,
  stagingTableName,
  type WriteRecord,
  writeIdOf,
  writeRecordUri,
} from '#shared/predictions/write-record.ts';
import { pickColumns } from '#shared/warehouse/pick-columns.ts';
import type { Warehouse } from '#shared/warehouse/warehouse.ts';
import { prepareTables } from './prepare-tables.ts';
import type { PlanWriteInput, PlanWriteOutput } from './schema.ts';

interface Ports {
  readonly warehouse: Warehouse;
  readonly objectStore: ObjectStore;
  readonly runs: RunEndings;
}

/**
 * Reserves the target table, makes the tables that predictions need, and the plan by which their parts are written. Writes
 * no predictions. Parts that an earlier try has staged stay staged.
 *
 * @throws TargetTableError with every way in which an existing table doesn't fit.
 * @throws TargetTableBusyError naming the run that is writing to it.
 * @throws DatasetMismatchError when there are no predictions.
 */
export const planWrite = async (
  { runUri, predictionsUri, rowCount, model }: PlanWriteInput,
  { warehouse, objectStore, runs }: Ports,
): Promise<PlanWriteOutput> => {
  const { runId, pipeline, definition } = await loadRun(objectStore, runUri);
  const { prediction } = definition;
  if (!prediction) throw new InvalidInputError('pipeline.yml has no `prediction`, so that there is nothing to write.');
  const { source, columns: scored } = await loadManifest(objectStore, manifestUri(runUri, 'score'));
  const key = pickColumns({ schema: source.schema, name: source.view }, scored, source.key);
  const columns = predictionColumns(prediction, key);
  const parts = await partsIn(objectStore, predictionsUri);

  const { table, mode, maxRejected } = prediction.target;
  const writeId = writeIdOf({ pipeline, runId, table, mode, model });
  const write: Omit<WriteRecord, 'schema'> = {
    version: 1,
    runUri,
    runId,
    pipeline,
    writeId,
    table,
    stagingTable: stagingTableName(writeId),
    mode,
    model,
    predictedAt: newest(parts),
    key: source.key,
    columns,
    rowCount,
    maxRejectedCount: maxRejected < 1 ? Math.floor(maxRejected * rowCount) : maxRejected,
    partCount: parts.length,
    ...(source.window ? { window: source.window } : {}),
  };
  const { schema, fence, alreadyPublished } = await prepareTables(
    { warehouse, runs },
    write,
    targetTable(prediction, key, columns),
  );

  const record: WriteRecord = { ...write, schema };
  const items = parts.map(({ uri, etag }, part): PlannedPart => ({ runUri, writeId, fence, part, uri, etag }));
  await objectStore.put(writeRecordUri(runUri), JSON.stringify(record, null, 2));
  await objectStore.put(plannedPartsUri(runUri, fence), items.map((item) => `${JSON.stringify(item)}\n`).join(''));
  const { bucket, key: planKey } = parseObjectUri(plannedPartsUri(runUri, fence));
  return { writeId, fence, bucket, planKey, partCount: parts.length, alreadyPublished };
};

/** In the order of their names, which is the same whenever they are listed. */
const partsIn = async (objectStore: ObjectStore, folderUri: string): Promise<ObjectSummary[]> => {
  const parts: ObjectSummary[] = [];
  for await (const object of objectStore.list(folderUri)) if (!object.uri.endsWith('/')) parts.push(object);
  if (parts.length === 0) throw new DatasetMismatchError(`There are no predictions under ${folderUri}.`);
  return parts;
};

/** When the last prediction was made; the same for every try of this write. */
const newest = (parts: readonly ObjectSummary[]): string =>
  new Date(Math.max(...parts.map(({ lastModified }) => lastModified.getTime()))).toISOString();
