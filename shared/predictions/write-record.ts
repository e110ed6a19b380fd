import { createHash } from 'node:crypto';
import { z } from 'zod';
import { DatasetColumn, Window } from '#shared/dataset/manifest.ts';
import { DatasetMismatchError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { RunUri } from '#shared/pipeline/run.ts';
import { uriIn } from '#shared/store/uri.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import type { Table } from '#shared/warehouse/warehouse.ts';

/** `predictions/write.json`: what is written where, decided once by PlanWrite. */
export const WriteRecord = z.strictObject({
  version: z.literal(1),
  runUri: RunUri,
  runId: z.string(),
  pipeline: z.string(),
  /** The same for every try of the same write, so that the ledger knows it again. */
  writeId: z.string().length(64),
  schema: z.string(),
  table: z.string(),
  stagingTable: z.string(),
  mode: z.enum(['append', 'upsert', 'replace', 'versioned']),
  /** The training job that made the model. */
  model: z.string(),
  predictedAt: z.iso.datetime(),
  key: z.array(z.string()).min(1),
  /** The fields of a line of the predictions, in their order. */
  columns: z.array(DatasetColumn).min(1),
  /** Rows that were scored. */
  rowCount: z.int().positive(),
  /** So many of them may be set aside as unwritable. */
  maxRejectedCount: z.int().nonnegative(),
  partCount: z.int().positive(),
  /** The new rows of a view with a watermark, which moves when they are published. */
  window: Window.optional(),
});
export type WriteRecord = z.infer<typeof WriteRecord>;

/** One line of the plan: the event of one WritePart. */
export const PlannedPart = z.strictObject({
  runUri: RunUri,
  writeId: z.string().length(64),
  /** Of the lease that the write was planned under. */
  fence: z.int().positive(),
  part: z.int().nonnegative(),
  uri: uriIn('predictions'),
  /** Of the object as it was planned: rows that were staged from another content are written anew. */
  etag: z.string().min(1).max(100),
});
export type PlannedPart = z.infer<typeof PlannedPart>;

export const writeRecordUri = (runUri: string): string => `${runUri}predictions/write.json`;

/** A plan for each lease, so that a straggler's plan never takes the place of a newer one. */
export const plannedPartsUri = (runUri: string, fence: number): string =>
  `${runUri}predictions/write-parts-${fence}.jsonl`;

/** Rows of a part that the table can't take, each with its reason. */
export const quarantineUri = (runUri: string, part: number): string =>
  `${quarantineFolderUri(runUri)}part-${String(part).padStart(5, '0')}.csv`;

export const quarantineFolderUri = (runUri: string): string => `${runUri}predictions/quarantine/`;

export const writeIdOf = (identity: Pick<WriteRecord, 'pipeline' | 'runId' | 'table' | 'mode' | 'model'>): string => {
  const { pipeline, runId, table, mode, model } = identity;
  return createHash('sha256')
    .update(JSON.stringify([pipeline, runId, table, mode, model]))
    .digest('hex');
};

export const STAGING_PREFIX = 'FEDML_STAGING_';

export const stagingTableName = (writeId: string): string => `${STAGING_PREFIX}${writeId.toUpperCase()}`;

/** Where a row stands in the predictions. As the primary key it stops a second writer of the same part. */
export const ROW_POSITION = {
  part: columnOfType('FEDML_PART', 'INTEGER', false),
  row: columnOfType('FEDML_ROW', 'INTEGER', false),
};

/** A number of 32 bits for what is in the row; a part's sum of them tells whether its rows are still those that were written. */
export const ROW_CHECKSUM = columnOfType('FEDML_CHECKSUM', 'BIGINT', false);

/** The table that the parts of one write are gathered in before they are published at once. */
export const stagingTable = ({ stagingTable, columns }: Pick<WriteRecord, 'stagingTable' | 'columns'>): Table => ({
  name: stagingTable,
  columns: [...Object.values(ROW_POSITION), ROW_CHECKSUM, ...columns],
  primaryKey: Object.values(ROW_POSITION).map(({ name }) => name),
});

/** @throws DatasetMismatchError when the record is of another write than `writeId`, or was changed since it was planned. */
export const loadWriteRecord = async (
  objectStore: ObjectStore,
  runUri: string,
  writeId: string,
): Promise<WriteRecord> => {
  const uri = writeRecordUri(runUri);
  const record = WriteRecord.safeParse(JSON.parse((await objectStore.getText(uri)).text));
  if (!record.success)
    throw new DatasetMismatchError(`${uri} is not a write record.\n${z.prettifyError(record.error)}`);
  if (record.data.writeId !== writeId) {
    throw new DatasetMismatchError(`${uri} is the record of another write, ${record.data.writeId}.`);
  }
  // The ledger and the staging table go by this id: a record that was edited must not publish under it.
  if (record.data.runUri !== runUri || writeIdOf(record.data) !== writeId) {
    throw new DatasetMismatchError(
      `${uri} was changed after the write was planned: its pipeline, run, table, mode and model aren't those of the write ${writeId}.`,
    );
  }
  return record.data;
};
