import type { DuckDBConnection, DuckDBDataChunk, DuckDBPreparedStatement, DuckDBResult } from '@duckdb/node-api';

export interface QueryStreamOptions {
  /** Its transaction is open: that is how a failure is noticed. */
  readonly connection: DuckDBConnection;
  readonly sql: string;
  readonly bind?: (prepared: DuckDBPreparedStatement) => void;
  /** Brings the transaction back to where it was before the query, after an error. */
  readonly recover: () => Promise<void>;
  /** The transaction is the query's own and is over when all rows have been read. */
  readonly endsTransaction?: boolean;
}

/**
 * A result that DuckDB computes while it is read. When a query fails after its first rows, the driver ends the stream as
 * if it were complete; only the transaction knows, because it is aborted. So its state is asked at every end, and the
 * reason is found by running the query again without keeping its rows.
 */
export class QueryStream {
  private readonly options: QueryStreamOptions;
  private readonly prepared: DuckDBPreparedStatement;
  private readonly result: DuckDBResult;

  private constructor(options: QueryStreamOptions, prepared: DuckDBPreparedStatement, result: DuckDBResult) {
    this.options = options;
    this.prepared = prepared;
    this.result = result;
  }

  static async open(options: QueryStreamOptions): Promise<QueryStream> {
    const { connection, sql, bind, recover } = options;
    try {
      const prepared = await connection.prepare(sql);
      bind?.(prepared);
      return new QueryStream(options, prepared, await prepared.stream());
    } catch (error) {
      await recover();
      throw error;
    }
  }

  /** The next rows, or undefined when all have been read. */
  async next(): Promise<DuckDBDataChunk | undefined> {
    const { connection, recover, endsTransaction } = this.options;
    try {
      const chunk = await this.result.fetchChunk();
      if (chunk && chunk.rowCount > 0) return chunk;
    } catch (error) {
      await recover();
      throw error;
    }
    this.prepared.destroySync();
    const aborted = await connection.run(endsTransaction ? 'SELECT 1; COMMIT' : 'SELECT 1').then(
      () => false,
      () => true,
    );
    if (!aborted) return undefined;
    await recover();
    throw await this.reason();
  }

  private async reason(): Promise<unknown> {
    const { connection, sql, bind, recover } = this.options;
    try {
      const again = await connection.prepare(`EXPLAIN ANALYZE ${sql}`);
      bind?.(again);
      await again.run();
      return new Error('the query failed once and not when it was run again');
    } catch (error) {
      await recover();
      return error;
    }
  }
}
