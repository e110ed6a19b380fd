import type { Table } from '../catalog/catalog.ts';
import { duckDbName } from '../column-types.ts';
import { physicalName } from '../names.ts';

/**
 * DuckDB's CREATE TABLE. Only types and keys are given to DuckDB; NOT NULL, lengths and defaults are this engine's own
 * work, because DuckDB could not change them later on a table that has an index.
 */
export function createTableSql(table: Table, path: string): string {
  const columns = table.columns.map(({ name, type }) => `${physicalName(name)} ${duckDbName(type)}`);
  const keys = table.constraints.map(
    ({ primaryKey, columns: names }) =>
      `${primaryKey ? 'PRIMARY KEY' : 'UNIQUE'} (${names.map(physicalName).join(', ')})`,
  );
  return `CREATE ${table.temporary ? 'TEMP ' : ''}TABLE ${table.temporary === 'GLOBAL' ? 'IF NOT EXISTS ' : ''}${path} (${[...columns, ...keys].join(', ')})`;
}
