import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { DatasetMismatchError } from '#shared/errors.ts';
import type { PredictionSettings } from '#shared/pipeline/definition.ts';
import { checkTargetTable, predictionColumns, targetTable } from '#shared/predictions/target-table.ts';
import { pickColumns } from '#shared/warehouse/pick-columns.ts';
import { qualified } from '#shared/warehouse/sql.ts';
import type { Warehouse } from '#shared/warehouse/warehouse.ts';

/**
 * Looks, before a model is trained, whether its predictions could be written afterwards. Changes nothing.
 *
 * @throws UnknownWarehouseObjectError for a view to score, or columns of it, that aren't there.
 * @throws TargetTableError with every way in which an existing table doesn't fit.
 * @throws DatasetMismatchError for a key that doesn't identify rows, where rows are to be replaced by it.
 */
export const assertCanWrite = async (
  warehouse: Warehouse,
  runId: string,
  prediction: PredictionSettings,
): Promise<void> => {
  const key = await warehouse.read({ runId }, async (session) => {
    const { source, target } = prediction;
    const view = { schema: source.schema ?? session.schema, name: source.view };
    const picked = pickColumns(view, await session.columnsOf(view), [...source.key, ...(source.columns ?? [])]);
    // A watermark leaves rows out that may have the same keys.
    const repeated = target.mode === 'upsert' && !source.watermark ? await session.repeatedKeys(view, source.key) : 0;
    if (repeated > 0) throw ambiguous(qualified(view), source.key, repeated, target.table);
    return picked.slice(0, source.key.length);
  });
  await assertTableFits(warehouse, runId, prediction, key);
};

const assertTableFits = (
  warehouse: Warehouse,
  runId: string,
  prediction: PredictionSettings,
  key: readonly DatasetColumn[],
): Promise<void> =>
  warehouse.write({ runId }, async (session) => {
    const existing = await session.tableOf(prediction.target.table);
    if (existing) checkTargetTable(existing, targetTable(prediction, key, predictionColumns(prediction, key)));
  });

const ambiguous = (view: string, key: readonly string[], count: number, table: string): DatasetMismatchError =>
  new DatasetMismatchError(
    `${view} has ${count} ${count === 1 ? 'value' : 'values'} of the key (${key.join(', ')}) in more than one row, and ` +
      `prediction.target.mode upsert couldn't tell which of them to keep in ${table}. Correct prediction.source.key, or the view.`,
  );
