import type { HanaColumn, HanaParameter, HanaResult, HanaStatement, HanaValue, StatementKind } from '../../engine.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { fromDuckDb, hanaError } from '../errors.ts';
import type { Statement as Parsed, ParsedStatement } from '../parser/ast.ts';
import { dropBatch, stageBatch } from './batch.ts';
import { Cursor } from './cursor.ts';
import { define, isDefinition } from './definitions.ts';
import type { Session } from './session.ts';
import { runSessionStatement } from './session-statements.ts';
import { bindSlots } from './slots.ts';
import { type BoundStatement, bindStatement, checkRow, isModification, kindOf, runWrite } from './statements.ts';
import { ensureGlobalTemporaryTables } from './temporary-tables.ts';

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

  private constructor(session: Session, parsed: ParsedStatement) {
    this.session = session;
    this.parsed = parsed;
    this.schema = session.schema;
    this.boundCatalog = session.transaction.catalog;
    this.bound = bindStatement(parsed, session.view);
    this.kind = kindOf(parsed.statement);
    this.parameters = this.bound.parameters;
    if (this.bound.query) this.columns = this.bound.query.metadata;
  }

  static async prepare(session: Session, parsed: ParsedStatement): Promise<Statement> {
    const statement = new Statement(session, parsed);
    if (statement.bound.query) await statement.checkQuery();
    return statement;
  }

  async execute(rows: Rows, { autocommit }: { readonly autocommit: boolean }): Promise<HanaResult> {
    this.session.checkOpen();
    for (const row of rows) checkRow(this.parameters, row);
    const { statement } = this.parsed;
    this.rebind(statement);
    if (statement.kind === 'query') return this.query(rows[0] ?? [], autocommit);
    if (isModification(statement)) return this.modify(rows, autocommit);
    if (isDefinition(statement)) await define(this.session, this.parsed, autocommit);
    else await runSessionStatement(this.session, statement, autocommit);
    return { kind: 'done' };
  }

  async close(): Promise<void> {}

  private rebind(statement: Parsed): void {
    const { catalog } = this.session.transaction;
    if (catalog === this.boundCatalog && !this.bound.binding.usesSystemViews && !this.bound.binding.usesTemporaryTables)
      return;
    if (statement.kind !== 'query' && !isModification(statement)) return;
    this.bound = bindStatement(this.parsed, { ...this.session.view, schema: this.schema });
    this.boundCatalog = catalog;
  }

  /** What DuckDB alone would refuse, such as a column that is not grouped, is refused at PREPARE as in HANA. */
  private async checkQuery(): Promise<void> {
    if (this.bound.binding.usesTemporaryTables) return;
    const inTransaction = this.session.transaction.isOpen;
    if (inTransaction) await this.session.freeConnection();
    const reader = inTransaction ? undefined : await this.session.core.readers.take();
    try {
      const prepared = await (reader ?? this.session.transaction.connection).prepare(this.bound.query!.sql);
      prepared.destroySync();
    } catch (error) {
      throw fromDuckDb(error);
    } finally {
      if (reader) this.session.core.readers.giveBack(reader, true);
    }
  }

  /**
   * Outside a transaction that has changed something every query has a connection and a snapshot of its own, as READ
   * COMMITTED wants it; inside, it must run on the transaction's connection to see the changes.
   */
  private async query(row: readonly HanaValue[], autocommit: boolean): Promise<HanaResult> {
    const { session } = this;
    const { transaction } = session;
    const { binding } = this.bound;
    if (session.isolationLevel !== 'READ COMMITTED' && !autocommit) await transaction.begin();
    const own = transaction.isOpen || binding.usesTemporaryTables;
    if (own) {
      await session.freeConnection();
      await ensureGlobalTemporaryTables(transaction.connection, binding);
    }
    const connection = own ? transaction.connection : await session.core.readers.take();
    const release = (finished: boolean): void => {
      if (!own) session.core.readers.giveBack(connection, finished);
    };
    const failed = async (error: unknown): Promise<Error> => {
      if (own) await transaction.restore();
      return fromDuckDb(error);
    };
    const prepared = await connection.prepare(this.bound.query!.sql).catch(async (error: unknown) => {
      release(true);
      throw await failed(error);
    });
    try {
      bindSlots(prepared, binding.slots, row, session.moment());
      const result = await prepared.stream();
      const cursor = await Cursor.start(this.bound.query!.metadata, { result, release, failed });
      if (own) session.keepCursor(cursor);
      return { kind: 'cursor', cursor };
    } catch (error) {
      release(false);
      throw await failed(error);
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
    if (table.temporary !== 'LOCAL')
      await session.core.locks.write(transaction, table.oid, session.core.lockWaitMilliseconds);
    try {
      const rowsAffected = await transaction.change(async () => {
        await ensureGlobalTemporaryTables(transaction.connection, this.bound.binding);
        return this.takesBatch(rows) ? this.writeBatch(rows, moment) : this.writeRows(rows, moment);
      }, autocommit);
      return { kind: 'affected', rowsAffected };
    } catch (error) {
      const translated = fromDuckDb(error);
      throw translated.code === 301 ? hanaError(301, `Table(${table.name}): ${translated.message}`, error) : translated;
    } finally {
      if (autocommit) session.core.locks.release(transaction);
    }
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
    await runWrite(connection, batch, [], moment);
    await dropBatch(connection);
    return rows.map(() => 1);
  }

  private async writeRows(rows: Rows, moment: ReturnType<Session['moment']>): Promise<readonly number[]> {
    const rowsAffected: number[] = [];
    for (const row of rows)
      rowsAffected.push(await runWrite(this.session.transaction.connection, this.bound, row, moment));
    return rowsAffected;
  }
}
