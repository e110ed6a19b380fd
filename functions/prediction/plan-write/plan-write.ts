import { loadManifest, manifestUri } from '#shared/dataset/manifest.ts';
import { DatasetMismatchError, InvalidInputError } from '#shared/errors.ts';
import { type ObjectStore, type ObjectSummary, parseObjectUri } from '#shared/object-store/object-store.ts';
import { loadRun } from '#shared/pipeline/run.ts';
import { LEDGER } from '#shared/predictions/ledger.ts';
import { checkTargetTable, predictionColumns, targetTable } from '#shared/predictions/target-table.ts';
import {
  type PlannedPart,
  plannedPartsUri,
  stagingTable,
  stagingTableName,
  type WriteRecord,
  writeIdOf,
  writeRecordUri,
} from '#shared/predictions/write-record.ts';
import { pickColumns } from '#shared/warehouse/pick-columns.ts';
import type { Table, Warehouse, WriteSession } from '#shared/warehouse/warehouse.ts';
import type { PlanWriteInput, PlanWriteOutput } from './schema.ts';

interface Ports {
  readonly warehouse: Warehouse;
  readonly objectStore: ObjectStore;
}

/**
 * Makes the tables that predictions need, and the plan by which their parts are written. Writes no predictions.
 *
 * @throws TargetTableError with every way in which an existing table doesn't fit.
 * @throws DatasetMismatchError when there are no predictions.
 */
export const planWrite = async (
  { runUri, predictionsUri, rowCount, model }: PlanWriteInput,
  { warehouse, objectStore }: Ports,
): Promise<PlanWriteOutput> => {
  const { runId, pipeline, definition } = await loadRun(objectStore, runUri);
  const { prediction } = definition;
  if (!prediction) throw new InvalidInputError('pipeline.yml has no `prediction`, so that there is nothing to write.');
  const { source, columns: scored } = await loadManifest(objectStore, manifestUri(runUri, 'score'));
  const key = pickColumns({ schema: source.schema, name: source.view }, scored, source.key);
  const columns = predictionColumns(prediction, key);
  const parts = await partsIn(objectStore, predictionsUri);

  const { table, mode } = prediction.target;
  const writeId = writeIdOf({ pipeline, runId, table, mode, model });
  const staging = { stagingTable: stagingTableName(writeId), columns };
  const schema = await warehouse.write({ runId }, (session) =>
    makeTables(session, targetTable(prediction, key, columns), stagingTable(staging)),
  );

  const record: WriteRecord = {
    version: 1,
    runUri,
    runId,
    pipeline,
    writeId,
    schema,
    table,
    mode,
    model,
    predictedAt: newest(parts),
    key: source.key,
    rowCount,
    partCount: parts.length,
    ...staging,
  };
  const items = parts.map(({ uri }, part): PlannedPart => ({ runUri, writeId, part, uri }));
  await objectStore.put(writeRecordUri(runUri), JSON.stringify(record, null, 2));
  await objectStore.put(plannedPartsUri(runUri), items.map((item) => `${JSON.stringify(item)}\n`).join(''));
  const { bucket, key: planKey } = parseObjectUri(plannedPartsUri(runUri));
  return { writeId, bucket, planKey, partCount: parts.length };
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

/** Answers the schema that the tables are in. */
const makeTables = async (session: WriteSession, target: Table, staging: Table): Promise<string> => {
  const existing = await session.tableOf(target.name);
  if (existing) checkTargetTable(existing, target);
  else await session.createTable(target);
  await session.createTable(LEDGER);
  // An earlier try may have left rows of parts that this plan doesn't have.
  await session.dropTable(staging.name);
  await session.createTable(staging);
  return session.schema;
};
