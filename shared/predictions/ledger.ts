import { DuplicateKeyError } from '#shared/errors.ts';
import type { WriteRecord } from '#shared/predictions/write-record.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import type { Table, Transaction } from '#shared/warehouse/warehouse.ts';

/** In the database user's schema: one row for each write that was published. Its primary key makes writing exactly once. */
export const LEDGER: Table = {
  name: 'FEDML_LEDGER',
  columns: [
    columnOfType('WRITE_ID', 'NVARCHAR(64)', false),
    columnOfType('PIPELINE', 'NVARCHAR(32)', false),
    columnOfType('RUN_ID', 'NVARCHAR(80)', false),
    columnOfType('TARGET_TABLE', 'NVARCHAR(127)', false),
    columnOfType('MODE', 'NVARCHAR(16)', false),
    columnOfType('MODEL', 'NVARCHAR(127)', false),
    columnOfType('ROW_COUNT', 'BIGINT', false),
    columnOfType('REJECTED_COUNT', 'BIGINT', false),
    /** Of the lease that it was published under: it orders what was published to one table. */
    columnOfType('FENCE', 'BIGINT', false),
    columnOfType('PUBLISHED_AT', 'TIMESTAMP', false),
  ],
  primaryKey: ['WRITE_ID'],
};

export interface LedgerEntry {
  readonly rowCount: number;
  readonly rejectedCount: number;
  /** UTC, as ISO 8601. */
  readonly publishedAt: string;
}

/** What is published: a write, or the rollback to an earlier one. */
export type Published = Pick<WriteRecord, 'writeId' | 'pipeline' | 'runId' | 'table' | 'model'> & {
  readonly mode: WriteRecord['mode'] | 'rollback';
  readonly fence: number;
};

/** Claims the write for this transaction. False when it was published before; the transaction can go on. */
export const enterLedger = async (
  transaction: Transaction,
  { writeId, pipeline, runId, table, mode, model, fence }: Published,
  { rowCount, rejectedCount, publishedAt }: LedgerEntry,
): Promise<boolean> => {
  const row = [writeId, pipeline, runId, table, mode, model, rowCount, rejectedCount, fence, timestampOf(publishedAt)];
  try {
    await transaction.insert(
      LEDGER.name,
      LEDGER.columns.map(({ name }) => name),
      [row],
    );
    return true;
  } catch (error) {
    if (error instanceof DuplicateKeyError) return false;
    throw error;
  }
};

export const findInLedger = async (transaction: Transaction, writeId: string): Promise<LedgerEntry | undefined> => {
  const [row] = await transaction.find(LEDGER.name, ['ROW_COUNT', 'REJECTED_COUNT', 'PUBLISHED_AT'], {
    WRITE_ID: writeId,
  });
  return row && { rowCount: Number(row[0]), rejectedCount: Number(row[1]), publishedAt: isoOf(String(row[2])) };
};

/** HANA's text of a point in time in UTC. */
export const timestampOf = (iso: string): string => iso.replace('T', ' ').replace('Z', '');

const isoOf = (timestamp: string): string => `${timestamp.replace(' ', 'T').slice(0, 23)}Z`;
