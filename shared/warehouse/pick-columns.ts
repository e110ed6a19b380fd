import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { UnknownWarehouseObjectError } from '#shared/errors.ts';
import { didYouMean } from '#shared/nearest-names.ts';
import { qualified } from '#shared/warehouse/sql.ts';
import type { QualifiedName } from '#shared/warehouse/warehouse.ts';

/**
 * The columns of a view in the order of `names`.
 *
 * @throws UnknownWarehouseObjectError that lists every name that isn't there, each with the nearest ones.
 */
export const pickColumns = (
  view: QualifiedName,
  columns: readonly DatasetColumn[],
  names: readonly string[],
): DatasetColumn[] => {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const missing = names.filter((name) => !byName.has(name));
  if (missing.length > 0) {
    const lines = missing.map((name) => `  ${JSON.stringify(name)}${didYouMean(name, byName.keys())}`);
    throw new UnknownWarehouseObjectError(`${qualified(view)} has no such column:\n${lines.join('\n')}`);
  }
  return names.map((name) => byName.get(name)!);
};
