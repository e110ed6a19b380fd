import type { DuckDBConnection } from '@duckdb/node-api';
import type { HanaSession, HanaStatement } from '../../engine.ts';
import { hanaError, notSupported } from '../errors.ts';
import { parse } from '../parser/parse.ts';
import type { Core } from './core.ts';
import type { Cursor } from './cursor.ts';
import type { Moment } from './slots.ts';
import { Statement } from './statement.ts';
import type { SessionView } from './statements.ts';
import { Transaction } from './transaction.ts';

export type IsolationLevel = 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE';

interface SessionOptions {
  readonly core: Core;
  readonly id: number;
  readonly user: string;
  readonly connection: DuckDBConnection;
  /** Called once when the session ends. */
  readonly onClose: () => void;
}

/** One user's connection: current schema, settings and transaction. */
export class Session implements HanaSession {
  readonly core: Core;
  readonly id: number;
  readonly user: string;
  readonly transaction: Transaction;
  readonly variables = new Map<string, string>();
  schema: string;
  isolationLevel: IsolationLevel = 'READ COMMITTED';
  readOnly = false;
  ddlAllowed = true;
  autocommitDdl = true;
  /** The connections that its open queries have to themselves. */
  readonly readers = new Set<DuckDBConnection>();
  private readonly onClose: () => void;
  /** The open result on the transaction's own connection: it must be read to its end before anything else runs there. */
  private cursor: Cursor | undefined;
  private readonly cursors = new Set<Cursor>();
  private closed = false;

  constructor({ core, id, user, connection, onClose }: SessionOptions) {
    this.core = core;
    this.id = id;
    this.user = user;
    this.schema = user;
    this.transaction = new Transaction(core, connection);
    this.onClose = onClose;
  }

  async prepare(sql: string): Promise<HanaStatement> {
    this.checkOpen();
    try {
      return await Statement.prepare(this, parse(sql));
    } catch (error) {
      if (error instanceof RangeError) throw notSupported('a statement that is nested this deeply');
      throw error;
    }
  }

  async commit(): Promise<void> {
    await this.freeConnection();
    await this.transaction.commit();
  }

  async rollback(): Promise<void> {
    await this.freeConnection();
    await this.transaction.rollback();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const cursor of this.cursors) await cursor.close();
    await this.transaction.rollback();
    this.transaction.connection.closeSync();
    this.onClose();
  }

  /** Breaks off the statement that is running or waits for a lock: it fails with 139. */
  cancel(): void {
    this.core.locks.cancel(this.transaction);
    for (const connection of [this.transaction.connection, ...this.readers]) connection.interrupt();
  }

  /** What names and privileges are looked up in. */
  get view(): SessionView {
    return {
      catalog: this.transaction.catalog,
      temporaryTables: this.transaction.temporaryTables,
      user: this.user,
      schema: this.schema,
      connectionId: this.id,
      connections: this.core.connections(),
    };
  }

  moment(): Moment {
    return { now: new Date(), variables: this.variables, isolationLevel: this.isolationLevel };
  }

  /** Reads an open result of the transaction's connection to its end: it stays readable, and the connection is free. */
  async freeConnection(): Promise<void> {
    const { cursor } = this;
    this.cursor = undefined;
    await cursor?.detach(this.core.spill);
  }

  /** A result on the transaction's own connection. */
  occupyConnection(cursor: Cursor): void {
    this.cursor = cursor;
  }

  /** Every open result ends with the session. */
  track(cursor: Cursor): Cursor {
    this.cursors.add(cursor);
    return cursor;
  }

  forget(cursor: Cursor): void {
    this.cursors.delete(cursor);
  }

  checkOpen(): void {
    if (this.closed) throw hanaError(1036, 'the session is closed');
  }

  checkWritable(): void {
    if (this.readOnly) throw hanaError(128, 'the session is READ ONLY (SET TRANSACTION READ ONLY)');
  }
}
