import type { DuckDBConnection } from '@duckdb/node-api';
import type { Binding } from '../binder/binding.ts';
import { tableSql } from '../binder/from.ts';
import { createTableSql } from './table-sql.ts';

/** A global temporary table is defined once and filled by each session for itself: it is created where it is first used. */
export async function ensureGlobalTemporaryTables(connection: DuckDBConnection, binding: Binding): Promise<void> {
  for (const table of binding.temporaryTables) {
    if (table.temporary === 'GLOBAL') await connection.run(createTableSql(table, tableSql(table)));
  }
}
