import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api';

/** DuckDB's prepared statements of one HANA statement: planning an INSERT costs more than running it for one row. */
export class PreparedWrites {
  private readonly connection: DuckDBConnection;
  private readonly bySql = new Map<string, DuckDBPreparedStatement>();

  constructor(connection: DuckDBConnection) {
    this.connection = connection;
  }

  async get(sql: string): Promise<DuckDBPreparedStatement> {
    const known = this.bySql.get(sql);
    if (known) return known;
    const prepared = await this.connection.prepare(sql);
    this.bySql.set(sql, prepared);
    return prepared;
  }

  clear(): void {
    for (const prepared of this.bySql.values()) prepared.destroySync();
    this.bySql.clear();
  }
}
