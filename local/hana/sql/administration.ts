import { DuckDBInstance, DuckDBTypeId, type DuckDBValue } from '@duckdb/node-api';
import type { HanaResult, HanaValue } from '../engine.ts';
import { checked, needsCheck } from './binder/assignments.ts';
import type { Table } from './catalog/catalog.ts';
import { duckDbName, family } from './column-types.ts';
import { fromDuckDb, hanaError } from './errors.ts';
import { physicalName, physicalPath, physicalSchema } from './names.ts';
import type { Core } from './run/core.ts';
import { QueryStream } from './run/query-stream.ts';
import type { Session } from './run/session.ts';
import { quoteIdentifier } from './tokenizer.ts';

export interface TableLoad {
  readonly schema: string;
  readonly table: string;
  /** What CREATE COLUMN TABLE has in its parentheses, such as `"DAY" DATE NOT NULL, "ORIGIN" NVARCHAR(3)`. */
  readonly definition: string;
  /**
   * A DuckDB query, which may read files, such as `read_parquet('…')`. Its columns are the table's by their names, where it has a
   * name for each; else by their order.
   */
  readonly query: string;
  /** The file has texts only, as CSV: an empty one is NULL in columns of other types. */
  readonly isText?: boolean;
}

/** Fills the warehouse as its owner, SYSTEM: spaces, users, HANA statements, and tables straight from files. */
export class Administration {
  private readonly core: Core;
  private readonly open: () => Promise<Session>;
  private session: Promise<Session> | undefined;

  constructor(core: Core, open: () => Promise<Session>) {
    this.core = core;
    this.open = open;
  }

  /** Whether there is such a table or view. */
  exists(schema: string, name: string): boolean {
    return this.core.catalog().object(schema, name) !== undefined;
  }

  hasSchema(name: string): boolean {
    return this.core.catalog().schemas.has(name);
  }

  /** Runs a HANA statement as SYSTEM, once for each row of parameters, and says how many rows it changed. */
  async execute(sql: string, rows: readonly (readonly HanaValue[])[] = [[]]): Promise<readonly number[]> {
    const result = await this.run(sql, rows);
    return result.kind === 'affected' ? result.rowsAffected : [];
  }

  /** All rows of a query, run as SYSTEM, as DuckDB's values. */
  async query(sql: string, row: readonly HanaValue[] = []): Promise<DuckDBValue[][]> {
    const result = await this.run(sql, [row]);
    if (result.kind !== 'cursor') throw hanaError(257, 'not a query');
    const rows: DuckDBValue[][] = [];
    for (let chunk = await result.cursor.nextChunk(); chunk; chunk = await result.cursor.nextChunk())
      rows.push(...chunk.getRows());
    return rows;
  }

  /** A space as in Datasphere: a schema owned by a user whose password nobody knows. Does nothing if it exists. */
  async ensureSpace(name: string): Promise<void> {
    if (this.hasSchema(name)) return;
    await this.execute(`CREATE USER ${quoteIdentifier(name)} PASSWORD ${quoteIdentifier(crypto.randomUUID())}`);
  }

  /** A user with a schema of the same name, such as `FLIGHTS#FEDML`; one that exists gets the password. */
  async ensureUser(name: string, password: string): Promise<void> {
    const verb = this.core.catalog().users.has(name) ? 'ALTER' : 'CREATE';
    if (verb === 'ALTER' && this.core.catalog().users.get(name)!.password === password) return;
    await this.execute(`${verb} USER ${quoteIdentifier(name)} PASSWORD ${quoteIdentifier(password)}`);
  }

  /**
   * Creates a table and streams the rows of a DuckDB query into it; answers with their number. The table has its name only
   * when it is complete: neither an error nor a crash leaves a part of it.
   */
  async loadTable(load: TableLoad): Promise<number> {
    const { schema, table: name, definition } = load;
    if (this.exists(schema, name)) throw hanaError(288, `${name}: there is such an object in schema ${schema}`);
    const loading = `${name}__LOADING`;
    const path = `${quoteIdentifier(schema)}.${quoteIdentifier(loading)}`;
    if (this.exists(schema, loading)) await this.execute(`DROP TABLE ${path}`);
    await this.execute(`CREATE COLUMN TABLE ${path} (${definition})`);
    try {
      const rows = await this.fill(this.core.catalog().object(schema, loading) as Table, load);
      await this.execute(`RENAME TABLE ${path} TO ${quoteIdentifier(name)}`);
      return rows;
    } catch (error) {
      await this.execute(`DROP TABLE ${path}`);
      throw fromDuckDb(error);
    }
  }

  async close(): Promise<void> {
    await (await this.session)?.close();
    this.session = undefined;
  }

  private async run(sql: string, rows: readonly (readonly HanaValue[])[]): Promise<HanaResult> {
    this.session ??= this.open();
    const statement = await (await this.session).prepare(sql);
    return statement.execute(rows, { autocommit: true });
  }

  /** The warehouse's own DuckDB may not touch files, so another one reads them; chunks go from one to the other as they are. */
  private async fill(table: Table, { query, isText = false }: TableLoad): Promise<number> {
    const reader = await DuckDBInstance.create(':memory:');
    const target = await this.core.instance.connect();
    try {
      const source = await reader.connect();
      const shape = await source.run(`SELECT * FROM (${query}) AS q LIMIT 0`);
      const outputs = shape.columnNames();
      const places = placesOf(table, outputs);
      const names = outputs.map((_, index) => `c${index}`);
      const casts = table.columns.map(({ type }, index) => {
        const value = `c${places[index]}`;
        const isGivenAsText = isText && shape.columnTypeId(places[index]!) === DuckDBTypeId.VARCHAR;
        const given = isGivenAsText && family(type) !== 'text' ? `NULLIF(${value}, '')` : value;
        return `CAST(${given} AS ${duckDbName(type)})`;
      });
      await source.run('BEGIN TRANSACTION');
      const stream = await QueryStream.open({
        connection: source,
        sql: `SELECT ${casts.join(', ')} FROM (${query}) AS q(${names.join(', ')})`,
        recover: async () => {
          await source.run('ROLLBACK').catch(() => undefined);
        },
      });
      await target.run('BEGIN TRANSACTION');
      let rows = 0;
      const appender = await target.createAppender(
        unquoted(physicalName(table.name)),
        unquoted(physicalSchema(table.schema)),
      );
      try {
        for (let chunk = await stream.next(); chunk; chunk = await stream.next()) {
          appender.appendDataChunk(chunk);
          rows += chunk.rowCount;
        }
      } finally {
        appender.closeSync();
      }
      await target.run(checkSql(table));
      await target.run('COMMIT');
      return rows;
    } finally {
      target.closeSync();
      reader.closeSync();
    }
  }
}

/** Where in the query each column of the table is. Throws 269 and 270 for too many or too few, 260 for names in another order. */
function placesOf(table: Table, outputs: readonly string[]): number[] {
  const columns = table.columns.map(({ name }) => name.toUpperCase());
  const given = outputs.map((name) => name.toUpperCase());
  const byName = columns.map((name) => given.indexOf(name));
  if (byName.every((place) => place >= 0)) return byName;
  const listed = `the query yields ${outputs.join(', ')}, and the table has ${table.columns.map(({ name }) => name).join(', ')}`;
  if (given.length !== columns.length) throw hanaError(given.length < columns.length ? 270 : 269, listed);
  const moved = columns.find((_, index) => byName[index]! >= 0 && byName[index] !== index);
  if (moved === undefined) return columns.map((_, index) => index);
  throw hanaError(260, `${moved} stands elsewhere in the query than in the table, and other names differ: ${listed}`);
}

/** Raises HANA's error for the first value that its column could not hold. */
function checkSql(table: Table): string {
  const checks = table.columns
    .map((column) => ({ column, value: { sql: physicalName(column.name), type: column.type, nullable: true } }))
    .filter(({ column, value }) => needsCheck(column, value))
    .map(({ column, value }) => `count(${checked(column, value)})`);
  return `SELECT ${['count(*)', ...checks].join(', ')} FROM ${physicalPath(table.schema, table.name)}`;
}

const unquoted = (name: string): string => name.slice(1, -1).replaceAll('""', '"');
