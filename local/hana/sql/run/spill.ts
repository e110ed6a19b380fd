import { type DuckDBConnection, type DuckDBDataChunk, DuckDBInstance } from '@duckdb/node-api';
import { QueryStream } from './query-stream.ts';

/** Where the rest of a result waits for its reader. */
export interface SpilledRows {
  next(): Promise<DuckDBDataChunk | undefined>;
  close(): void;
}

/**
 * Keeps the rows of results that must be read before their reader asks for them. They go to a second DuckDB in memory,
 * which writes to temporary files what exceeds its limit.
 */
export class Spill {
  private instance: Promise<DuckDBInstance> | undefined;
  private static readonly MEMORY_LIMIT = '128MB';

  /** Takes all chunks of a source; the first one is known already. */
  async keep(first: DuckDBDataChunk, source: () => Promise<DuckDBDataChunk | undefined>): Promise<SpilledRows> {
    this.instance ??= DuckDBInstance.create(':memory:', { memory_limit: Spill.MEMORY_LIMIT });
    const connection = await (await this.instance).connect();
    try {
      await this.fill(connection, first, source);
    } catch (error) {
      connection.closeSync();
      throw error;
    }
    await connection.run('BEGIN TRANSACTION');
    const stream = await QueryStream.open({
      connection,
      sql: 'SELECT * FROM temp.rows',
      recover: async () => undefined,
    });
    let open = true;
    const close = (): void => {
      if (open) connection.closeSync();
      open = false;
    };
    return {
      close,
      next: async () => {
        const chunk = await stream.next();
        if (!chunk) close();
        return chunk;
      },
    };
  }

  async close(): Promise<void> {
    (await this.instance)?.closeSync();
    this.instance = undefined;
  }

  /** A temporary table: it goes when its connection does. */
  private async fill(
    connection: DuckDBConnection,
    first: DuckDBDataChunk,
    source: () => Promise<DuckDBDataChunk | undefined>,
  ): Promise<void> {
    const columns = Array.from(
      { length: first.columnCount },
      (_, index) => `c${index} ${first.getColumnVector(index).type}`,
    );
    await connection.run(`CREATE TEMP TABLE rows (${columns.join(', ')})`);
    const appender = await connection.createAppender('rows', 'main', 'temp');
    try {
      for (let chunk: DuckDBDataChunk | undefined = first; chunk; chunk = await source())
        appender.appendDataChunk(chunk);
    } finally {
      appender.closeSync();
    }
  }
}
