import { BIGINT, type DuckDBConnection, DuckDBDataChunk, type DuckDBValue } from '@duckdb/node-api';
import type { HanaType, HanaValue } from '../../engine.ts';
import { BATCH_RELATION } from '../binder/modifications.ts';
import { duckDbName, duckDbType } from '../column-types.ts';
import { convertAt, converterFor } from '../values.ts';

/** DuckDB's vectors hold this many rows. */
const CHUNK_ROWS = 2048;
const TABLE = BATCH_RELATION.split('.')[1]!;

/**
 * Puts the parameter rows of a batch, column by column, into a temporary table from which one statement then takes them.
 * Throws what a value that does not fit its parameter is in HANA, before DuckDB has seen anything.
 */
export async function stageBatch(
  connection: DuckDBConnection,
  types: readonly HanaType[],
  rows: readonly (readonly HanaValue[])[],
): Promise<void> {
  const columns = types.map((type, index) => `p${index} ${duckDbName(type)}`);
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${TABLE} (${[...columns, 'seq BIGINT'].join(', ')})`);
  const converters = types.map(converterFor);
  const chunkTypes = [...types.map(duckDbType), BIGINT];
  const appender = await connection.createAppender(TABLE, 'main', 'temp');
  try {
    for (let start = 0; start < rows.length; start += CHUNK_ROWS) {
      const count = Math.min(CHUNK_ROWS, rows.length - start);
      const chunk = DuckDBDataChunk.create(chunkTypes, count);
      for (const [index, convert] of converters.entries()) {
        const values: DuckDBValue[] = new Array(count);
        for (let row = 0; row < count; row += 1)
          values[row] = convertAt(convert, rows[start + row]![index] ?? null, start + row);
        chunk.setColumnValues(index, values);
      }
      chunk.setColumnValues(
        types.length,
        Array.from({ length: count }, (_, row) => BigInt(start + row)),
      );
      appender.appendDataChunk(chunk);
    }
  } finally {
    appender.closeSync();
  }
}

/** Frees what `stageBatch` left. */
export async function dropBatch(connection: DuckDBConnection): Promise<void> {
  await connection.run(`DROP TABLE IF EXISTS ${BATCH_RELATION}`);
}
