import type { DuckDBConnection } from '@duckdb/node-api';
import type { HanaError } from '../../engine.ts';
import type { Catalog, Table } from '../catalog/catalog.ts';
import { fromDuckDb, hanaError, isConflict } from '../errors.ts';
import type { Core } from './core.ts';

/** A statement that can be run again: it answers with what must come out the same the second time. */
type Work = () => Promise<readonly number[]>;

interface LogEntry {
  readonly work: Work;
  readonly outcome: string;
}

/** A conflict with nobody, such as with the transaction's own earlier changes, is worth a fresh snapshot, but not for ever. */
const MAX_LONELY_ATTEMPTS = 3;

/**
 * One session's transaction. HANA undoes only the statement that fails; DuckDB aborts everything. So the statements that
 * succeeded are kept, and when one fails they are run again in a fresh DuckDB transaction, which must have the same outcome.
 */
export class Transaction {
  readonly connection: DuckDBConnection;
  private readonly core: Core;
  private open = false;
  /** Transactions that had ended when the snapshot was taken: a conflict is with one that ended later, or is still open. */
  private endingsBefore = 0;
  private readonly log: LogEntry[] = [];
  private catalogBefore: Catalog | undefined;
  private changedCatalog: Catalog | undefined;
  /** Local temporary tables, as this session sees them now and as it did before the transaction. */
  private temporary: ReadonlyMap<string, Table> = new Map();
  private temporaryBefore: ReadonlyMap<string, Table> = new Map();

  constructor(core: Core, connection: DuckDBConnection) {
    this.core = core;
    this.connection = connection;
  }

  get isOpen(): boolean {
    return this.open;
  }

  /** The catalog with this transaction's own changes. */
  get catalog(): Catalog {
    return this.changedCatalog ?? this.core.catalog();
  }

  set catalog(catalog: Catalog) {
    this.catalogBefore ??= this.core.catalog();
    this.changedCatalog = catalog;
  }

  get temporaryTables(): ReadonlyMap<string, Table> {
    return this.temporary;
  }

  set temporaryTables(tables: ReadonlyMap<string, Table>) {
    this.temporary = tables;
  }

  /** Opens DuckDB's transaction, and with it the snapshot of everything that follows. */
  async begin(): Promise<void> {
    if (this.open) return;
    this.endingsBefore = this.core.locks.endings;
    await this.connection.run('BEGIN TRANSACTION');
    this.open = true;
    this.temporaryBefore = this.temporary;
  }

  /** Runs a change, alone or after the transaction's earlier ones. When it fails only it is undone. */
  async change(work: Work, autocommit: boolean): Promise<readonly number[]> {
    const deadline = performance.now() + this.core.lockWaitMilliseconds;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.begin();
        const outcome = await work();
        this.log.push({ work, outcome: JSON.stringify(outcome) });
        if (autocommit) await (this.log.length === 1 ? this.commitDuckDb() : this.commit());
        return outcome;
      } catch (error) {
        const { endingsBefore } = this;
        if (this.log.length === 1 && !this.open) this.log.length = 0;
        await this.restore();
        if (!isConflict(error)) throw fromDuckDb(error);
        const left = deadline - performance.now();
        const waited = await this.orRollback(this.core.locks.untilAnotherEnds(this, left, endingsBefore));
        if (!waited && attempt >= MAX_LONELY_ATTEMPTS) throw fromDuckDb(error);
      }
    }
  }

  /** Waits for a lock; when that fails the transaction is rolled back, as HANA's texts of 131 and 133 say. */
  async orRollback<T>(waiting: Promise<T>): Promise<T> {
    try {
      return await waiting;
    } catch (error) {
      await this.rollback();
      throw fromDuckDb(error).code === 146 ? hanaError(131, 'another transaction changes the same rows', error) : error;
    }
  }

  async commit(): Promise<void> {
    if (!this.open) return this.end();
    await this.commitDuckDb().catch((error: unknown) => {
      this.end();
      throw asRolledBack(error);
    });
  }

  async rollback(): Promise<void> {
    if (this.open) {
      this.open = false;
      this.forget();
      await this.connection.run('ROLLBACK');
    }
    this.end();
  }

  /** After an error: back to the state before the failed statement. */
  async restore(): Promise<void> {
    if (!this.open) return;
    this.open = false;
    this.forget();
    await this.connection.run('ROLLBACK');
    if (this.log.length === 0) return;
    await this.begin();
    try {
      for (const { work, outcome } of this.log) {
        if (JSON.stringify(await work()) !== outcome)
          throw hanaError(133, 'other transactions have changed the rows meanwhile');
      }
    } catch (error) {
      await this.rollback();
      throw asRolledBack(error);
    }
  }

  /** DuckDB finds some conflicts only now; the transaction is over then, too. */
  private async commitDuckDb(): Promise<void> {
    this.open = false;
    try {
      await this.connection.run('COMMIT');
    } catch (error) {
      this.forget();
      throw error;
    }
    const changes = this.changedCatalog?.changesSince(this.catalogBefore!) ?? [];
    if (changes.length > 0) this.core.publish(changes);
    this.end();
  }

  /** What the transaction changed in the catalog and among the temporary tables is not so any more. */
  private forget(): void {
    this.temporary = this.temporaryBefore;
    this.changedCatalog = undefined;
    this.catalogBefore = undefined;
  }

  private end(): void {
    this.log.length = 0;
    this.changedCatalog = undefined;
    this.catalogBefore = undefined;
    this.core.locks.release(this);
  }
}

const asRolledBack = (error: unknown): HanaError => {
  const known = fromDuckDb(error);
  return known.code === 133 ? known : hanaError(133, known.message, error);
};
