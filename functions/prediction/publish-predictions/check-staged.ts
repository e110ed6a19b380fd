import { DatasetMismatchError, UnwritableValueError } from '#shared/errors.ts';
import { type Chunk, verifyChunks } from '#shared/predictions/chunks.ts';
import { quarantineFolderUri, type WriteRecord } from '#shared/predictions/write-record.ts';
import type { Transaction } from '#shared/warehouse/warehouse.ts';

interface StagedCounts {
  readonly rowCount: number;
  readonly rejectedCount: number;
}

/**
 * Checks that every row that was scored is staged or set aside, and that no more were set aside than may be.
 *
 * @throws DatasetMismatchError when rows are missing or not those that were written.
 * @throws UnwritableValueError when too many were set aside.
 */
export const checkStaged = async (
  transaction: Transaction,
  record: WriteRecord,
  scoredCount: number,
): Promise<StagedCounts> => {
  const chunks = await verifyChunks(transaction, record);
  const rowCount = sumOf(chunks, 'rowCount');
  const rejectedCount = sumOf(chunks, 'rejectedCount');
  if (rowCount + rejectedCount !== scoredCount) {
    throw new DatasetMismatchError(
      `${scoredCount} rows were scored, and there are predictions for ${rowCount + rejectedCount}. Nothing was written to ${record.table}. The model must answer one line for each row.`,
    );
  }
  if (rejectedCount > record.maxRejectedCount || rowCount === 0) {
    throw new UnwritableValueError(
      `${rejectedCount} of ${scoredCount} rows can't be written, and prediction.target.maxRejected allows ${record.maxRejectedCount} of them. Nothing was written to ${record.table}. The rows and the reasons: ${quarantineFolderUri(record.runUri)}`,
    );
  }
  return { rowCount, rejectedCount };
};

const sumOf = (chunks: readonly Chunk[], count: 'rowCount' | 'rejectedCount'): number =>
  chunks.reduce((sum, chunk) => sum + chunk[count], 0);
