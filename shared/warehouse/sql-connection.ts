import type { SqlStatement } from '#shared/warehouse/sql.ts';
import type { Row, SessionInfo } from '#shared/warehouse/warehouse.ts';

/** One connection to HANA. Statements change nothing for others before `commit`. Errors are those of `shared/errors.ts`. */
export interface SqlConnection {
  /** The names and the rows of a small result. */
  query(statement: SqlStatement, doing: string): Promise<QueryResult>;
  /** The rows of a result of any size, in batches. */
  stream(statement: SqlStatement, doing: string): AsyncGenerator<readonly Row[], void, undefined>;
  /** Runs a statement once and answers how many rows it changed. */
  execute(statement: SqlStatement, doing: string): Promise<number>;
  /** Runs a statement once for each row of values, all or none. */
  executeBatch(sql: string, rows: readonly Row[], doing: string): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/** Where sessions get their connections from. */
export interface SqlConnections {
  open(info: SessionInfo): Promise<OpenConnection>;
}

export interface OpenConnection {
  readonly connection: SqlConnection;
  /** The schema that views are looked up in. */
  readonly spaceSchema: string;
  /** Rolls back what is open. */
  close(): Promise<void>;
}

/** FedML's pair of rows and headers. */
export interface QueryResult {
  readonly headers: readonly string[];
  readonly rows: readonly Row[];
}
