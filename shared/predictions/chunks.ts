import { DatasetMismatchError, DuplicateKeyError, WarehouseUnavailableError } from '#shared/errors.ts';
import { leaseLost } from '#shared/predictions/lease.ts';
import { ROW_CHECKSUM, ROW_POSITION, type WriteRecord } from '#shared/predictions/write-record.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import type { Lease, Row, Table, Transaction } from '#shared/warehouse/warehouse.ts';

/** In the database user's schema: one row for each part that is whole in a staging table, committed together with its rows. */
export const CHUNKS: Table = {
  name: 'FEDML_CHUNKS',
  columns: [
    columnOfType('WRITE_ID', 'NVARCHAR(64)', false),
    columnOfType('PART', 'INTEGER', false),
    columnOfType('ETAG', 'NVARCHAR(100)', false),
    columnOfType('ROW_COUNT', 'BIGINT', false),
    columnOfType('REJECTED_COUNT', 'BIGINT', false),
    columnOfType('CHECKSUM', 'BIGINT', false),
    columnOfType('FENCE', 'BIGINT', false),
  ],
  primaryKey: ['WRITE_ID', 'PART'],
};

export interface Chunk {
  readonly part: number;
  /** Of the object that the rows came from. */
  readonly etag: string;
  readonly rowCount: number;
  readonly rejectedCount: number;
  /** The sum of the rows' checksums. */
  readonly checksum: bigint;
}

const COLUMNS = ['PART', 'ETAG', 'ROW_COUNT', 'REJECTED_COUNT', 'CHECKSUM'];

/** The parts that are staged, or only one of them. */
export const findChunks = async (transaction: Transaction, writeId: string, part?: number): Promise<Chunk[]> => {
  const where = { WRITE_ID: writeId, ...(part === undefined ? {} : { PART: part }) };
  return (await transaction.find(CHUNKS.name, COLUMNS, where)).map(chunkOf);
};

const chunkOf = ([part, etag, rowCount, rejectedCount, checksum]: Row): Chunk => ({
  part: Number(part),
  etag: String(etag),
  rowCount: Number(rowCount),
  rejectedCount: Number(rejectedCount),
  checksum: BigInt(String(checksum)),
});

/**
 * Enters a part whose rows this transaction has staged.
 *
 * @throws LeaseLostError when the target table is another write's by now.
 * @throws WarehouseUnavailableError when another try of the part was faster; the next try finds its work.
 */
export const enterChunk = async (
  transaction: Transaction,
  writeId: string,
  { part, etag, rowCount, rejectedCount, checksum }: Chunk,
  lease: Lease,
): Promise<void> => {
  const row = [writeId, part, etag, rowCount, rejectedCount, String(checksum), lease.fence];
  try {
    if (await transaction.insertFenced(CHUNKS, row, lease)) return;
  } catch (error) {
    throw error instanceof DuplicateKeyError ? otherWriter(part, error) : error;
  }
  throw leaseLost(lease);
};

export const otherWriter = (part: number, cause: DuplicateKeyError): WarehouseUnavailableError =>
  new WarehouseUnavailableError(`Another try of part ${part} was writing it at the same time.`, { cause });

/** Forgets a staged part together with its rows. */
export const discardChunk = async (
  transaction: Transaction,
  { writeId, stagingTable }: Pick<WriteRecord, 'writeId' | 'stagingTable'>,
  part: number,
): Promise<void> => {
  await transaction.delete(stagingTable, { [ROW_POSITION.part.name]: part });
  await transaction.delete(CHUNKS.name, { WRITE_ID: writeId, PART: part });
};

export const forgetChunks = (transaction: Transaction, writeId: string): Promise<void> =>
  transaction.delete(CHUNKS.name, { WRITE_ID: writeId });

/**
 * Checks that the staging table has every part, and of each the rows that were written.
 *
 * @throws DatasetMismatchError naming the parts that differ.
 */
export const verifyChunks = async (transaction: Transaction, record: WriteRecord): Promise<readonly Chunk[]> => {
  const { writeId, stagingTable, partCount } = record;
  const chunks = new Map((await findChunks(transaction, writeId)).map((chunk) => [chunk.part, chunk]));
  const sums = await transaction.sumsBy(stagingTable, ROW_POSITION.part.name, ROW_CHECKSUM.name);
  const staged = new Map(sums.map((sum) => [sum.group, sum]));
  const parts = new Set([...Array.from({ length: partCount }, (_, part) => part), ...chunks.keys(), ...staged.keys()]);
  const problems = [...parts].flatMap((part) => {
    const { rowCount, checksum } = chunks.get(part) ?? { rowCount: undefined, checksum: 0n };
    const found = staged.get(part) ?? { rowCount: 0, sum: 0n };
    if (rowCount === undefined) return [`part ${part} was not staged whole`];
    if (rowCount !== found.rowCount) return [`part ${part} has ${found.rowCount} of ${rowCount} rows`];
    return checksum === found.sum ? [] : [`part ${part} has other rows than were written`];
  });
  if (problems.length > 0) {
    throw new DatasetMismatchError(
      `${stagingTable} is not what was staged: ${problems.slice(0, 10).join('; ')}. Nothing was written to ${record.table}. Run the pipeline again.`,
    );
  }
  return [...chunks.values()];
};
