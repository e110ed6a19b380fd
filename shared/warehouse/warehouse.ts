import type { DatasetColumn } from '#shared/dataset/manifest.ts';

/**
 * A warehouse that views are read from and tables are written to. Every session is opened for one piece of work and
 * closed when it ends, however it ends. All methods throw the warehouse errors of `shared/errors.ts`.
 */
export interface Warehouse {
  /** A session that can't write: the warehouse itself refuses it. */
  read<T>(info: SessionInfo, work: (session: ReadSession) => Promise<T>): Promise<T>;
  /** A session on the database user's own schema. */
  write<T>(info: SessionInfo, work: (session: WriteSession) => Promise<T>): Promise<T>;
}

/** What the warehouse's administrator sees of a session. */
export interface SessionInfo {
  readonly runId: string;
}

export interface ReadSession {
  /** The space schema: where a view is looked up that is named without a schema. */
  readonly schema: string;
  /** The columns in their order. Throws UnknownWarehouseObjectError with the nearest names. */
  columnsOf(view: QualifiedName): Promise<readonly DatasetColumn[]>;
  /** Counts the rows and finds how the values of columns are spread, in one statement. */
  measure(view: QualifiedName, request?: MeasureRequest): Promise<Measure>;
  /** How many values of the key more than one row has. */
  repeatedKeys(view: QualifiedName, key: readonly string[]): Promise<number>;
  /** Streams rows in batches; no more than a few batches are in memory. */
  rows(query: RowQuery): AsyncIterable<readonly Row[]>;
  /** The fingerprints of selections that don't overlap, of one moment. Without columns they have row counts only. */
  fingerprints(
    view: QualifiedName,
    columns: readonly DatasetColumn[],
    rows: readonly RowSelection[],
  ): Promise<Fingerprint[]>;
}

export interface WriteSession {
  readonly schema: string;
  /** The table as it is, or undefined when there is none. */
  tableOf(name: string): Promise<Table | undefined>;
  /** Creates the table unless one of its name exists, whatever that one looks like. */
  createTable(table: Table): Promise<void>;
  /** Creates the view in place of one that has its name. */
  createView(view: NewestView): Promise<void>;
  /** Drops the table; it is no error when there is none. */
  dropTable(name: string): Promise<void>;
  /** Tables whose names begin with `prefix` and that were created longer ago, by the warehouse's clock. */
  tablesOlderThan(prefix: string, ageSeconds: number): Promise<readonly string[]>;
  /** Makes the warehouse refuse every DDL statement of this session from now on, which would commit what is open. */
  forbidDdl(): Promise<void>;
  /**
   * Commits what `work` did, or leaves nothing of it. WarehouseUnavailableError leaves open which of both happened:
   * the connection can be lost after the warehouse committed and before it said so.
   */
  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
}

export interface Transaction {
  /** Inserts rows of values in the order of `columns`. Throws DuplicateKeyError. */
  insert(table: string, columns: readonly string[], rows: readonly Row[]): Promise<void>;
  /** Deletes the rows whose columns equal the values of `where`, or all of them. */
  delete(table: string, where?: Equalities): Promise<void>;
  count(table: string): Promise<number>;
  /** How many different combinations of values the columns have. */
  countDistinct(table: string, columns: readonly string[]): Promise<number>;
  /** For each value of the column `by`: how many rows have it, and the exact sum of their `summed`. */
  sumsBy(table: string, by: string, summed: string): Promise<readonly GroupSum[]>;
  /** Values of the rows whose columns equal the values of `where`. For records, not for data. */
  find(table: string, columns: readonly string[], where: Equalities): Promise<readonly Row[]>;
  /** Copies all rows of one table into another and answers how many. */
  copy(copy: TableCopy): Promise<number>;
  /** Keeps other writers from the table until the transaction ends. */
  lock(table: string): Promise<void>;
  /** Takes a lease that is free, has expired or is the claimer's own already; otherwise answers who holds it. */
  takeLease(claim: LeaseClaim): Promise<{ readonly fence: number } | LeaseHolder>;
  /**
   * Prolongs a lease, and keeps others from taking it until the transaction ends. False, with nothing changed, when
   * somebody else has taken it since. One that has expired and that nobody took is still held.
   */
  holdLease(lease: Lease, ttlSeconds: number): Promise<boolean>;
  /** Lets others take the lease at once. `forGood`: its fence is of no use any more, to no straggler either. */
  freeLease(lease: Lease, forGood: boolean): Promise<void>;
  /** Inserts a row only while the lease is held. False, with nothing inserted, when it isn't. Throws DuplicateKeyError. */
  insertFenced(table: Table, row: Row, lease: Lease): Promise<boolean>;
  /** The owners of all leases that haven't expired. */
  leaseOwners(): Promise<readonly string[]>;
}

/** The right to write to a table, held by one owner at a time. Each taking over raises the fence. */
export interface Lease {
  readonly target: string;
  readonly owner: string;
  readonly fence: number;
}

export interface LeaseClaim extends Omit<Lease, 'fence'> {
  /** Whom others are told to wait for. */
  readonly runId: string;
  readonly ttlSeconds: number;
}

export interface LeaseHolder {
  readonly lease: Lease;
  readonly heldByRunId: string;
  readonly secondsLeft: number;
}

export interface GroupSum {
  readonly group: number;
  readonly rowCount: number;
  readonly sum: bigint;
}

/** Those rows of a table that the newest entry about the table in a ledger names. */
export interface NewestView {
  readonly name: string;
  readonly table: string;
  readonly columns: readonly string[];
  readonly ledger: {
    readonly table: string;
    /** The column with the name of the table that an entry is about. */
    readonly about: string;
    /** The column that is greatest in the newest entry. */
    readonly order: string;
    /** Columns that rows and their entry have in common. */
    readonly equal: readonly string[];
  };
}

/**
 * A value as the driver gives it: BIGINT beyond 2^53, DECIMAL, dates and times are strings, VARBINARY and BLOB bytes.
 * The same values can be bound as parameters.
 */
export type WarehouseValue = null | boolean | number | string | Uint8Array;

export type Row = readonly WarehouseValue[];

export type Equalities = Readonly<Record<string, WarehouseValue>>;

export interface QualifiedName {
  readonly schema: string;
  readonly name: string;
}

export interface RowQuery {
  readonly view: QualifiedName;
  readonly columns: readonly string[];
  /** All rows when absent. */
  readonly rows?: RowSelection | undefined;
  /** Adds a column behind the others: the row's own checksum over these columns, see `rowChecksum`. */
  readonly checksumOf?: readonly DatasetColumn[] | undefined;
}

/** Some rows of a view: those that all of the conditions hold for. */
export interface RowSelection {
  readonly range?: Range | undefined;
  readonly slice?: Slice | undefined;
  readonly window?: Window | undefined;
}

/**
 * Rows by the values of one column, from `from` and below `below`, open where absent, or those where it is NULL. Bounds are texts that HANA converts to the column's type, and HANA says which value is the greater.
 */
export type Range =
  | {
      readonly column: string;
      readonly from?: string | undefined;
      readonly below?: string | undefined;
      /** The rows without a value as well. */
      readonly orNull?: true | undefined;
    }
  | { readonly column: string; readonly isNull: true };

/** Rows by the first seven hexadecimal digits of a hash of the columns' values, from `from` and below `below`. */
export interface Slice {
  readonly columns: readonly string[];
  readonly from: string;
  readonly below?: string | undefined;
}

/** Rows by their watermark: beyond `after`, which an earlier run ended with, and up to `upTo`. NULL is never inside. */
export interface Window {
  readonly column: string;
  readonly after?: string | undefined;
  readonly upTo: string;
}

/** What is the same for two sets of rows if and, but for chance, only if the rows are the same, in whatever order. */
export interface Fingerprint {
  readonly rowCount: number;
  /** The sum of the rows' checksums, in decimal digits. */
  readonly checksum: string;
}

export interface MeasureRequest {
  /** Columns whose spread is wanted. */
  readonly spreadOf?: readonly string[];
  /** Columns of text or bytes whose lengths are wanted, together. */
  readonly lengthsOf?: readonly string[];
  /** Leaves out rows that an earlier run has read. */
  readonly watermark?: { readonly column: string; readonly after?: string | undefined } | undefined;
}

export interface Measure {
  readonly rowCount: number;
  /** For each column of `spreadOf`: its values in order, cut into up to 10,000 tiles of equally many rows. */
  readonly spreads: readonly (readonly Tile[])[];
  /** The mean of the lengths of `lengthsOf`, summed up by row, among the first thousand rows. */
  readonly meanLength: number;
  /** The greatest watermark; absent when no row has one. Rows without one aren't counted in `rowCount`. */
  readonly watermark?: { readonly upTo?: string; readonly missingCount: number };
}

/** Rows that follow each other in the order of a column. NULL has no place in it, but its rows are counted. */
export interface Tile {
  readonly rowCount: number;
  readonly nullCount: number;
  /** Undefined when all are NULL. */
  readonly min?: string;
  readonly max?: string;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly DatasetColumn[];
  /** Empty when there is none. */
  readonly primaryKey: readonly string[];
}

export interface TableCopy {
  readonly from: string;
  readonly to: string;
  readonly columns: readonly string[];
  /** Further columns of `to`, with the same value in every row. */
  readonly constants: readonly Constant[];
  /** upsert replaces rows with the same primary key. */
  readonly mode: 'insert' | 'upsert';
}

export interface Constant {
  readonly column: DatasetColumn;
  readonly value: WarehouseValue;
}
