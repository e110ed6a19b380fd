import {
  type HanaColumn,
  HanaError,
  type HanaParameter,
  type HanaResult,
  type HanaStatement,
  type HanaValue,
  type StatementKind,
} from '../../engine.ts';
import type { Catalog, Table } from '../catalog/catalog.ts';
import { atRow, fromDuckDb, hanaError, isConflict, notSupported } from '../errors.ts';
import type { Statement as Parsed, ParsedStatement } from '../parser/ast.ts';
import { dropBatch, stageBatch } from './batch.ts';
import type { ReaderPool } from './core.ts';
import { Cursor } from './cursor.ts';
import { define, isDefinition } from './definitions.ts';
import { insertedKeys } from './insert-keys.ts';
import { PreparedWrites } from './prepared-writes.ts';
import { QueryStream, type QueryStreamOptions } from './query-stream.ts';
import type { Session } from './session.ts';
import { runSessionStatement } from './session-statements.ts';
import { bindSlots } from './slots.ts';
import { type BoundStatement, bindStatement, checkRow, isModification, kindOf, runWrite } from './statements.ts';
import { ensureGlobalTemporaryTables } from './temporary-tables.ts';

/** The code of a statement that was broken off on request; with it ends its transaction. */
const CANCELLED = 139;

type Rows = readonly (readonly HanaValue[])[];

/** A prepared statement; it is bound again when the catalog has changed since. */
export class Statement implements HanaStatement {
  readonly kind: StatementKind;
  readonly parameters: readonly HanaParameter[];
  readonly columns?: readonly HanaColumn[];
  private readonly session: Session;
  private readonly parsed: ParsedStatement;
  /** The schema at PREPARE: a later SET SCHEMA does not change what the statement's names mean. */
  private readonly schema: string;
  private bound: BoundStatement;
  private boundCatalog: Catalog;
  private readonly prepared: PreparedWrites;

  private constructor(session: Session, parsed: ParsedStatement) {
    this.session = session;
    this.parsed = parsed;
    this.schema = session.schema;
    this.boundCatalog = session.transaction.catalog;
    this.prepared = new PreparedWrites(session.transaction.connection);
    this.bound = bindStatement(parsed, session.view);
    this.kind = kindOf(parsed.statement);
    this.parameters = this.bound.parameters;
    if (this.bound.query) this.columns = this.bound.query.metadata;
  }

  static async prepare(session: Session, parsed: ParsedStatement): Promise<Statement> {
    const takesParameters = parsed.statement.kind === 'query' || isModification(parsed.statement);
    if (parsed.parameterCount > 0 && !takesParameters)
      throw notSupported('parameters outside queries and changes of rows');
    const statement = new Statement(session, parsed);
    if (statement.bound.query) await statement.checkQuery();
    return statement;
  }

  async execute(rows: Rows, { autocommit }: { readonly autocommit: boolean }): Promise<HanaResult> {
    this.session.checkOpen();
    for (const row of rows) checkRow(this.parameters, row);
    this.rebind(this.parsed.statement);
    try {
      return await this.run(rows, autocommit);
    } catch (error) {
      if (error instanceof HanaError && error.code === CANCELLED) await this.session.rollback();
      throw error;
    }
  }

  private async run(rows: Rows, autocommit: boolean): Promise<HanaResult> {
    const { statement } = this.parsed;
    if (statement.kind === 'query') return this.query(rows[0] ?? [], autocommit);
    if (isModification(statement)) return this.modify(rows, autocommit);
    if (isDefinition(statement)) await define(this.session, this.parsed, autocommit);
    else await runSessionStatement(this.session, statement, autocommit);
    return { kind: 'done' };
  }

  async close(): Promise<void> {
    this.prepared.clear();
  }

  private rebind(statement: Parsed): void {
    const { catalog } = this.session.transaction;
    if (catalog === this.boundCatalog && !this.bound.binding.usesSystemViews && !this.bound.binding.usesTemporaryTables)
      return;
    if (statement.kind !== 'query' && !isModification(statement)) return;
    this.bound = bindStatement(this.parsed, { ...this.session.view, schema: this.schema });
    this.boundCatalog = catalog;
    this.prepared.clear();
  }

  /** What DuckDB alone would refuse, such as a column that is not grouped, is refused at PREPARE as in HANA. */
  private async checkQuery(): Promise<void> {
    const { transaction, core } = this.session;
    if (this.bound.binding.usesTemporaryTables) return;
    if (transaction.isOpen) await this.session.freeConnection();
    const reader = transaction.isOpen ? undefined : await core.readers.take();
    try {
      const prepared = await (reader ?? transaction.connection).prepare(this.bound.query!.sql);
      prepared.destroySync();
    } catch (error) {
      throw fromDuckDb(error);
    } finally {
      if (reader) core.readers.giveBack(reader, true);
    }
  }

  /**
   * Outside a transaction that has changed something every query has a connection and a snapshot of its own, as READ
   * COMMITTED wants it; inside, it must run on the transaction's connection to see the changes.
   */
  private async query(row: readonly HanaValue[], autocommit: boolean): Promise<HanaResult> {
    const { session } = this;
    const { transaction, core } = session;
    const keepsSnapshot = session.isolationLevel !== 'READ COMMITTED' && !autocommit;
    const inTransaction = transaction.isOpen || keepsSnapshot || this.bound.binding.usesTemporaryTables;
    return {
      kind: 'cursor',
      cursor: inTransaction ? await this.queryInTransaction(row, autocommit) : await this.queryAlone(row, core.readers),
    };
  }

  private async queryAlone(row: readonly HanaValue[], readers: ReaderPool): Promise<Cursor> {
    const connection = await readers.take();
    this.session.readers.add(connection);
    const release = async (finished: boolean): Promise<void> => {
      this.session.readers.delete(connection);
      readers.giveBack(connection, finished);
    };
    await connection.run('BEGIN TRANSACTION');
    const recover = async (): Promise<void> => {
      await connection.run('ROLLBACK').catch(() => undefined);
    };
    const stream = await this.openStream({ connection, recover, endsTransaction: true }, row).catch(async (error) => {
      await release(false);
      throw error;
    });
    return this.startCursor(stream, release, () => connection.interrupt());
  }

  /** With autocommit and nothing open, as for a temporary table, the transaction is the query's own and ends with it. */
  private async queryInTransaction(row: readonly HanaValue[], autocommit: boolean): Promise<Cursor> {
    const { session } = this;
    const { transaction } = session;
    await session.freeConnection();
    const ownTransaction = !transaction.isOpen && autocommit;
    await transaction.begin();
    await ensureGlobalTemporaryTables(transaction.connection, this.bound.binding);
    const release = async (): Promise<void> => {
      if (ownTransaction) await transaction.commit();
    };
    const place = { connection: transaction.connection, recover: () => transaction.restore() };
    const stream = await this.openStream(place, row).catch(async (error) => {
      await release();
      throw error;
    });
    const cursor = await this.startCursor(stream, release);
    session.occupyConnection(cursor);
    return cursor;
  }

  private async startCursor(
    stream: QueryStream,
    release: (finished: boolean) => Promise<void>,
    interrupt?: () => void,
  ): Promise<Cursor> {
    const { session } = this;
    let cursor: Cursor | undefined;
    let released = false;
    cursor = await Cursor.start({
      columns: this.bound.query!.metadata,
      stream,
      ...(interrupt ? { interrupt } : {}),
      release: async (finished) => {
        released = true;
        if (cursor) session.forget(cursor);
        await release(finished);
      },
    });
    return released ? cursor : session.track(cursor);
  }

  private async openStream(
    place: Omit<QueryStreamOptions, 'sql' | 'bind'>,
    row: readonly HanaValue[],
  ): Promise<QueryStream> {
    const { query, binding } = this.bound;
    const moment = this.session.moment();
    try {
      return await QueryStream.open({
        ...place,
        sql: query!.sql,
        bind: (prepared) => bindSlots(prepared, binding.slots, row, moment),
      });
    } catch (error) {
      throw fromDuckDb(error);
    }
  }

  private async modify(rows: Rows, autocommit: boolean): Promise<HanaResult> {
    const { session } = this;
    const { transaction } = session;
    session.checkWritable();
    await session.freeConnection();
    if (rows.length === 0) return { kind: 'affected', rowsAffected: [] };
    const moment = session.moment();
    const { table } = this.bound.write!;
    if (!table.temporary) await transaction.orRollback(this.lock(table, rows));
    try {
      const rowsAffected = await transaction.change(async () => {
        await ensureGlobalTemporaryTables(transaction.connection, this.bound.binding);
        return this.takesBatch(rows) ? this.writeBatch(rows, moment) : this.writeRows(rows, moment);
      }, autocommit);
      return { kind: 'affected', rowsAffected };
    } catch (error) {
      const translated = fromDuckDb(error);
      if (translated.code !== 301) throw translated;
      const unique = hanaError(
        301,
        `Table(${table.name}), ${translated.message.split(': ').slice(1).join(': ')}`,
        error,
      );
      throw translated.failedRow === undefined ? unique : atRow(unique, translated.failedRow);
    } finally {
      if (autocommit) session.core.locks.release(transaction);
    }
  }

  private async lock(table: Table, rows: Rows): Promise<void> {
    const { transaction, core } = this.session;
    await core.locks.write(transaction, table.oid, core.lockWaitMilliseconds);
    const keys = insertedKeys(this.parsed.statement, table, rows);
    if (keys.length > 0) await core.locks.insert(transaction, keys, core.lockWaitMilliseconds);
  }

  private takesBatch(rows: Rows): boolean {
    const { statement } = this.parsed;
    return (
      rows.length > 1 &&
      (statement.kind === 'insert' || statement.kind === 'upsert') &&
      !('body' in statement.source) &&
      !this.bound.write!.otherwise
    );
  }

  private async writeBatch(rows: Rows, moment: ReturnType<Session['moment']>): Promise<readonly number[]> {
    const { connection } = this.session.transaction;
    const batch = bindStatement(this.parsed, { ...this.session.view, schema: this.schema }, { batch: true });
    await stageBatch(
      connection,
      this.parameters.map(({ type }) => type),
      rows,
    );
    const prepared = new PreparedWrites(connection);
    try {
      await runWrite(prepared, batch, [], moment);
    } finally {
      prepared.clear();
    }
    await dropBatch(connection);
    return rows.map(() => 1);
  }

  private async writeRows(rows: Rows, moment: ReturnType<Session['moment']>): Promise<readonly number[]> {
    const rowsAffected: number[] = [];
    for (const [index, row] of rows.entries()) {
      const changed = await runWrite(this.prepared, this.bound, row, moment).catch((error: unknown) => {
        throw isConflict(error) ? error : atRow(fromDuckDb(error), index);
      });
      rowsAffected.push(changed);
    }
    return rowsAffected;
  }
}
