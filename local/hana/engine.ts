import type { DuckDBDataChunk } from '@duckdb/node-api';

/**
 * The seam between the wire protocol (`local/hana/protocol`) and the SQL engine (`local/hana/sql`).
 * The protocol knows sockets, packets and SCRAM; the engine knows HANA's SQL, users, privileges and DuckDB.
 */
export interface HanaEngine {
  /** The password of a user, or undefined when there is no such user. Names are upper case, such as `FLIGHTS#FEDML`. */
  passwordOf(user: string): string | undefined;
  /** One session per connection, with a DuckDB connection, a transaction and a current schema of its own. */
  openSession(user: string): Promise<HanaSession>;
  close(): Promise<void>;
}

export interface HanaSession {
  /** CURRENT_CONNECTION, by which clients name the session to cancel. */
  readonly id: number;
  /** Translates, checks privileges and prepares. Throws HanaError for what HANA would refuse at PREPARE. */
  prepare(sql: string): Promise<HanaStatement>;
  /** Ends the open transaction, if any; a statement executed with `autocommit` never leaves one open. */
  commit(): Promise<void>;
  rollback(): Promise<void>;
  /** Rolls back what is open and frees the connection. */
  close(): Promise<void>;
}

export interface HanaStatement {
  readonly kind: StatementKind;
  readonly parameters: readonly HanaParameter[];
  /** The columns of a query; undefined for everything else. */
  readonly columns?: readonly HanaColumn[];
  /**
   * Runs the statement once per row of parameter values (one empty row when there are no parameters), atomically:
   * on an error nothing of this call remains, and the transaction's earlier statements stay (HANA undoes the statement only).
   * `autocommit` commits on success. A query takes exactly one row of parameters.
   */
  execute(rows: readonly (readonly HanaValue[])[], options: { readonly autocommit: boolean }): Promise<HanaResult>;
  close(): Promise<void>;
}

export type StatementKind = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE' | 'DDL' | 'SESSION';

export type HanaResult =
  | { readonly kind: 'cursor'; readonly cursor: HanaCursor }
  /** `rowsAffected`: one count for each parameter row. */
  | { readonly kind: 'affected'; readonly rowsAffected: readonly number[] }
  | { readonly kind: 'done' };

/**
 * A result that is read chunk by chunk. It stays readable after COMMIT and while other statements run on the session; the
 * protocol reads ahead, so a `nextChunk` may be under way at the time.
 */
export interface HanaCursor {
  readonly columns: readonly HanaColumn[];
  /** The next rows as DuckDB column vectors, in the order of `columns`; undefined at the end. */
  nextChunk(): Promise<DuckDBDataChunk | undefined>;
  close(): Promise<void>;
}

/** A SQL type under HANA's own name. DuckDB holds it as the type in the comment. */
export type HanaTypeName =
  | 'BOOLEAN' // BOOLEAN
  | 'TINYINT' // UTINYINT
  | 'SMALLINT' // SMALLINT
  | 'INTEGER' // INTEGER
  | 'BIGINT' // BIGINT
  | 'DECIMAL' // DECIMAL(p, s), p <= 38
  | 'REAL' // FLOAT
  | 'DOUBLE' // DOUBLE
  | 'VARCHAR' // VARCHAR
  | 'NVARCHAR' // VARCHAR
  | 'VARBINARY' // BLOB
  | 'DATE' // DATE
  | 'TIME' // TIME
  | 'SECONDDATE' // TIMESTAMP_S
  | 'TIMESTAMP' // TIMESTAMP (microseconds; HANA keeps 100 ns)
  | 'CLOB' // VARCHAR
  | 'NCLOB' // VARCHAR
  | 'BLOB'; // BLOB

export interface HanaType {
  readonly name: HanaTypeName;
  /** Characters, bytes or digits (DECIMAL's precision), as SYS.TABLE_COLUMNS.LENGTH gives it. */
  readonly length: number;
  /** DECIMAL's scale; 0 otherwise. */
  readonly scale: number;
  /** The digits of a DECIMAL whose point may stand anywhere. `length` and `scale` are then only how DuckDB holds it. */
  readonly floatingDigits?: number | undefined;
}

export interface HanaColumn {
  readonly name: string;
  readonly type: HanaType;
  readonly nullable: boolean;
  readonly schema?: string;
  readonly table?: string;
}

export interface HanaParameter {
  readonly type: HanaType;
}

/**
 * One parameter value as the protocol decoded it. Exact numbers come as bigint (integers) or as `HanaDecimal`;
 * DATE, TIME and timestamps as DuckDB's own units, so that no precision is lost in a JS Date.
 */
export type HanaValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | HanaDecimal
  | { readonly kind: 'date'; readonly days: number } // days since 1970-01-01
  | { readonly kind: 'time'; readonly micros: bigint } // microseconds since midnight
  | { readonly kind: 'timestamp'; readonly micros: bigint }; // microseconds since 1970-01-01T00:00:00

export interface HanaDecimal {
  readonly kind: 'decimal';
  /** value = unscaled / 10^scale */
  readonly unscaled: bigint;
  readonly scale: number;
}

/** What HANA answers instead of a result: its error code, SQLSTATE and text. */
export class HanaError extends Error {
  override readonly name = 'HanaError';
  readonly code: number;
  readonly sqlState: string;
  /** The parameter row that failed, from 0, where it is known. */
  readonly failedRow: number | undefined;

  constructor(
    code: number,
    sqlState: string,
    message: string,
    options?: ErrorOptions & { readonly failedRow?: number },
  ) {
    super(message, options);
    this.code = code;
    this.sqlState = sqlState;
    this.failedRow = options?.failedRow;
  }
}
