import { createHash } from 'node:crypto';
import { z } from 'zod';
import { DatasetColumn } from '#shared/dataset/manifest.ts';
import { DatasetMismatchError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { RunUri } from '#shared/pipeline/run.ts';
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
  mode: z.enum(['append', 'upsert', 'replace']),
  /** The training job that made the model. */
  model: z.string(),
  predictedAt: z.iso.datetime(),
  key: z.array(z.string()).min(1),
  /** The fields of a line of the predictions, in their order. */
  columns: z.array(DatasetColumn).min(1),
  rowCount: z.int().positive(),
  partCount: z.int().positive(),
});
export type WriteRecord = z.infer<typeof WriteRecord>;

/** One line of `predictions/write-parts.jsonl`: the event of one WritePart. */
export const PlannedPart = z.strictObject({
  runUri: RunUri,
  writeId: z.string().length(64),
  part: z.int().nonnegative(),
  uri: z.string().startsWith('s3://'),
});
export type PlannedPart = z.infer<typeof PlannedPart>;

export const writeRecordUri = (runUri: string): string => `${runUri}predictions/write.json`;

export const plannedPartsUri = (runUri: string): string => `${runUri}predictions/write-parts.jsonl`;

export const publicationUri = (runUri: string): string => `${runUri}predictions/publication.json`;

export const writeIdOf = (identity: Pick<WriteRecord, 'pipeline' | 'runId' | 'table' | 'mode' | 'model'>): string => {
  const { pipeline, runId, table, mode, model } = identity;
  return createHash('sha256')
    .update(JSON.stringify([pipeline, runId, table, mode, model]))
    .digest('hex');
};

/** 128 bits of the id keep the name far below the limit for identifiers. */
export const stagingTableName = (writeId: string): string => `FEDML_STAGING_${writeId.slice(0, 32).toUpperCase()}`;

/** Where a row stands in the predictions. As the primary key it stops a second writer of the same part. */
export const ROW_POSITION = {
  part: columnOfType('FEDML_PART', 'INTEGER', false),
  row: columnOfType('FEDML_ROW', 'INTEGER', false),
};

/** The table that the parts of one write are gathered in before they are published at once. */
export const stagingTable = ({ stagingTable, columns }: Pick<WriteRecord, 'stagingTable' | 'columns'>): Table => ({
  name: stagingTable,
  columns: [...Object.values(ROW_POSITION), ...columns],
  primaryKey: Object.values(ROW_POSITION).map(({ name }) => name),
});

/** @throws DatasetMismatchError when the record is of another write than `writeId`. */
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
  return record.data;
};
