import { DatasetMismatchError } from '#shared/errors.ts';
import { type LedgerEntry, timestampOf } from '#shared/predictions/ledger.ts';
import { LINEAGE_COLUMNS, type WriteMode } from '#shared/predictions/target-table.ts';
import type { WriteRecord } from '#shared/predictions/write-record.ts';
import type { TableCopy, Transaction } from '#shared/warehouse/warehouse.ts';

/** Copies the staged rows into the target table by the record's mode, as part of the transaction. */
export const publish = async (
  transaction: Transaction,
  record: WriteRecord,
  { rowCount, publishedAt }: LedgerEntry,
): Promise<void> => {
  const constants = [
    { column: LINEAGE_COLUMNS.runId, value: record.runId },
    { column: LINEAGE_COLUMNS.model, value: record.model },
    { column: LINEAGE_COLUMNS.predictedAt, value: timestampOf(record.predictedAt) },
    { column: LINEAGE_COLUMNS.insertedAt, value: timestampOf(publishedAt) },
  ];
  const columns = record.columns.map(({ name }) => name);
  const copy = { from: record.stagingTable, to: record.table, columns, constants };
  await MODES[record.mode](transaction, copy, record, rowCount);
};

type Publish = (
  transaction: Transaction,
  copy: Omit<TableCopy, 'mode'>,
  record: WriteRecord,
  rowCount: number,
) => Promise<void>;

const append: Publish = async (transaction, copy, record, rowCount) => {
  checkCopied(await transaction.copy({ ...copy, mode: 'insert' }), rowCount, record);
};

const MODES: Readonly<Record<WriteMode, Publish>> = {
  append,
  // The view of the current version goes by the ledger: the rows of this one are seen when its entry is.
  versioned: append,
  upsert: async (transaction, copy, record, rowCount) => {
    await checkKeys(transaction, record, rowCount);
    await transaction.copy({ ...copy, mode: 'upsert' });
  },
  // DELETE and not TRUNCATE, which can't be rolled back; the lock keeps foreign rows from coming in between.
  replace: async (transaction, copy, record, rowCount) => {
    await transaction.lock(copy.to);
    await transaction.delete(copy.to);
    await append(transaction, copy, record, rowCount);
  },
};

/** Upserting rows with the same key would keep any one of them and lose the others. */
const checkKeys = async (
  transaction: Transaction,
  { stagingTable, key, table }: WriteRecord,
  rowCount: number,
): Promise<void> => {
  const keys = await transaction.countDistinct(stagingTable, key);
  if (keys === rowCount) return;
  throw new DatasetMismatchError(
    `The ${rowCount} predictions have ${keys} different values of the key (${key.join(', ')}), which can't identify the rows to replace in ${table}. Correct prediction.source.key, or the view.`,
  );
};

const checkCopied = (copied: number, rowCount: number, { table }: WriteRecord): void => {
  if (copied === rowCount) return;
  throw new DatasetMismatchError(`${copied} of ${rowCount} predictions were copied into ${table}, so none were kept.`);
};
