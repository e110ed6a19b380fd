import { readCsv } from '#shared/dataset/read-csv.ts';
import { DuplicateKeyError, WarehouseUnavailableError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { loadWriteRecord, ROW_POSITION, stagingTable } from '#shared/predictions/write-record.ts';
import type { Row, Warehouse, WarehouseValue } from '#shared/warehouse/warehouse.ts';
import { rowBinder } from './row-binder.ts';
import type { WritePartInput, WritePartOutput } from './schema.ts';

interface Ports {
  readonly warehouse: Warehouse;
  readonly objectStore: ObjectStore;
}

/** Array inserts are cheapest a row between 1,000 and 10,000 rows. */
const BATCH_SIZE_ROWS = 5_000;

/**
 * Writes one part of the predictions into the staging table, in one transaction that first deletes the part's rows:
 * however often it runs, and wherever it was stopped, the table has the rows of the part once.
 *
 * @throws UnwritableValueError naming part, line and column of a value that doesn't fit.
 */
export const writePart = async (
  { runUri, writeId, part, uri }: WritePartInput,
  { warehouse, objectStore }: Ports,
): Promise<WritePartOutput> => {
  const record = await loadWriteRecord(objectStore, runUri, writeId);
  const table = stagingTable(record);
  const names = table.columns.map(({ name }) => name);
  const bind = rowBinder(record.columns, uri);

  const rowCount = await warehouse
    .write({ runId: record.runId }, (session) =>
      session.transaction(async (transaction) => {
        await transaction.delete(table.name, { [ROW_POSITION.part.name]: part });
        let written = 0;
        for await (const fields of batches(readCsv(await objectStore.getStream(uri), uri), bind)) {
          const rows = fields.map((values, index): Row => [part, written + index, ...values]);
          await transaction.insert(table.name, names, rows);
          written += rows.length;
        }
        return written;
      }),
    )
    .catch((error: unknown) => {
      throw error instanceof DuplicateKeyError ? otherWriter(part, error) : error;
    });
  return { part, rowCount };
};

/** Rows of several chunks of the file, gathered into batches of the size that inserting likes. */
async function* batches<T>(
  chunks: AsyncIterable<readonly T[]>,
  bind: (record: T) => WarehouseValue[],
): AsyncGenerator<WarehouseValue[][], void, undefined> {
  let batch: WarehouseValue[][] = [];
  for await (const records of chunks) {
    for (const record of records) {
      batch.push(bind(record));
      if (batch.length < BATCH_SIZE_ROWS) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** This transaction has deleted the part's rows, so that rows with their key are those of a try that was given up too early. */
const otherWriter = (part: number, cause: DuplicateKeyError): WarehouseUnavailableError =>
  new WarehouseUnavailableError(`An earlier try of part ${part} was still writing it.`, { cause });
