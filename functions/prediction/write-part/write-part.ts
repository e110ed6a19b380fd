import { crc32 } from 'node:zlib';
import { readCsv } from '#shared/dataset/read-csv.ts';
import { DuplicateKeyError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { type Chunk, discardChunk, enterChunk, findChunks, otherWriter } from '#shared/predictions/chunks.ts';
import { holdTarget, leaseOf } from '#shared/predictions/lease.ts';
import { rowBinder } from '#shared/predictions/row-binder.ts';
import { loadWriteRecord, stagingTable, type WriteRecord } from '#shared/predictions/write-record.ts';
import type { Row, Transaction, Warehouse, WarehouseValue } from '#shared/warehouse/warehouse.ts';
import { type Quarantine, quarantine } from './quarantine.ts';
import type { WritePartInput, WritePartOutput } from './schema.ts';

interface Ports {
  readonly warehouse: Warehouse;
  readonly objectStore: ObjectStore;
}

/** Array inserts are cheapest a row between 1,000 and 10,000 rows. */
const BATCH_SIZE_ROWS = 5_000;

/**
 * Writes one part of the predictions into the staging table, in one transaction with the part's row in the chunk ledger:
 * however often it runs, and wherever it was stopped, the table has the rows of the part once. A part that is there already
 * is left as it is.
 *
 * @throws UnwritableValueError naming part, line and column of a value that doesn't fit, when too many don't.
 * @throws LeaseLostError when the target table is another write's by now.
 */
export const writePart = async (
  { runUri, writeId, fence, part, uri, etag }: WritePartInput,
  { warehouse, objectStore }: Ports,
): Promise<WritePartOutput> => {
  const record = await loadWriteRecord(objectStore, runUri, writeId);
  const lease = leaseOf(record, fence);

  return warehouse.write({ runId: record.runId }, async (session) => {
    const staged = await session.transaction(async (transaction) => {
      await holdTarget(transaction, lease);
      return (await findChunks(transaction, writeId, part))[0];
    });
    if (staged?.etag === etag) return outputOf(staged, true);

    const rejected = quarantine(record, part, uri);
    const chunk = await session.transaction(async (transaction) => {
      await discardChunk(transaction, record, part);
      const rows = bindRows(readCsv(await objectStore.getStream(uri), uri), rowBinder(record.columns, uri), rejected);
      const sums = await stage(transaction, record, part, rows);
      await rejected.store(objectStore);
      const written = { part, etag, ...sums, rejectedCount: rejected.rowCount };
      await enterChunk(transaction, writeId, written, lease);
      return written;
    });
    return outputOf(chunk, false);
  });
};

const outputOf = ({ part, rowCount, rejectedCount }: Chunk, alreadyStaged: boolean): WritePartOutput => ({
  part,
  rowCount,
  rejectedCount,
  alreadyStaged,
});

/** The rows that can be written, in batches of the size that inserting likes. */
async function* bindRows<T extends { readonly line: number; readonly fields: readonly (string | null)[] }>(
  chunks: AsyncIterable<readonly T[]>,
  bind: (record: T) => WarehouseValue[],
  rejected: Quarantine,
): AsyncGenerator<WarehouseValue[][], void, undefined> {
  let batch: WarehouseValue[][] = [];
  for await (const records of chunks) {
    for (const record of records) {
      const values = rejected.unless(record, bind);
      if (values) batch.push(values);
      if (batch.length < BATCH_SIZE_ROWS) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

const stage = async (
  transaction: Transaction,
  record: WriteRecord,
  part: number,
  batches: AsyncIterable<WarehouseValue[][]>,
): Promise<Pick<Chunk, 'rowCount' | 'checksum'>> => {
  const table = stagingTable(record);
  const names = table.columns.map(({ name }) => name);
  let rowCount = 0;
  let checksum = 0n;
  for await (const batch of batches) {
    const rows = batch.map((values, index): Row => [part, rowCount + index, crc32(JSON.stringify(values)), ...values]);
    try {
      await transaction.insert(table.name, names, rows);
    } catch (error) {
      throw error instanceof DuplicateKeyError ? otherWriter(part, error) : error;
    }
    rowCount += rows.length;
    checksum += rows.reduce((sum, row) => sum + BigInt(row[2] as number), 0n);
  }
  return { rowCount, checksum };
};
