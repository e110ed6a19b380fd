import type { z } from 'zod';
import type { Window } from '#shared/dataset/manifest.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import type { Table, Transaction, WriteSession } from '#shared/warehouse/warehouse.ts';
import { assertNext, type Watermark } from './watermark.ts';

/** In the database user's schema: up to where each pipeline's rows are in a target table, changed by the transaction that adds them. */
export const WATERMARKS: Table = {
  name: 'FEDML_WATERMARK',
  columns: [
    columnOfType('PIPELINE', 'NVARCHAR(32)', false),
    columnOfType('TARGET_TABLE', 'NVARCHAR(127)', false),
    columnOfType('COLUMN_NAME', 'NVARCHAR(127)', false),
    columnOfType('UP_TO', 'NVARCHAR(1000)', false),
    columnOfType('RUN_ID', 'NVARCHAR(80)', false),
  ],
  primaryKey: ['PIPELINE', 'TARGET_TABLE'],
};

interface Target {
  readonly pipeline: string;
  readonly table: string;
}

/** The watermark of a target table; undefined before the first publication. */
export const publishedWatermark = async (session: WriteSession, target: Target): Promise<Watermark | undefined> => {
  if (!(await session.tableOf(WATERMARKS.name))) return undefined;
  return session.transaction((transaction) => findWatermark(transaction, target));
};

/**
 * Moves the watermark as part of the transaction that publishes, in which the target table's lease is locked.
 *
 * @throws DatasetMismatchError when another run has published the rows since they were planned.
 */
export const advanceWatermark = async (
  transaction: Transaction,
  { pipeline, table, runId, window }: Target & { readonly runId: string; readonly window: z.infer<typeof Window> },
): Promise<void> => {
  assertNext(await findWatermark(transaction, { pipeline, table }), window);
  await transaction.delete(WATERMARKS.name, keyOf({ pipeline, table }));
  await transaction.insert(
    WATERMARKS.name,
    WATERMARKS.columns.map(({ name }) => name),
    [[pipeline, table, window.column, window.upTo, runId]],
  );
};

const findWatermark = async (transaction: Transaction, target: Target): Promise<Watermark | undefined> => {
  const [row] = await transaction.find(WATERMARKS.name, ['COLUMN_NAME', 'UP_TO', 'RUN_ID'], keyOf(target));
  return row && { column: String(row[0]), upTo: String(row[1]), runId: String(row[2]) };
};

const keyOf = ({ pipeline, table }: Target) => ({ PIPELINE: pipeline, TARGET_TABLE: table });
