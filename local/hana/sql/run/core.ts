import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Catalog, CatalogChange } from '../catalog/catalog.ts';
import type { Locks } from './locks.ts';

/** What the sessions of one engine share. */
export interface Core {
  readonly instance: DuckDBInstance;
  readonly locks: Locks;
  /** How long a statement waits for another transaction before it fails with 131. */
  readonly lockWaitMilliseconds: number;
  /** The committed catalog. */
  readonly catalog: () => Catalog;
  /** Makes the changes of a committed transaction known to every session. */
  readonly publish: (changes: readonly CatalogChange[]) => void;
  readonly connections: () => readonly { readonly id: number; readonly user: string; readonly startTime: number }[];
  readonly readers: ReaderPool;
}

/** Connections for queries, each with a snapshot and a stream of its own. */
export class ReaderPool {
  private readonly instance: DuckDBInstance;
  private readonly idle: DuckDBConnection[] = [];
  private static readonly MAX_IDLE = 4;

  constructor(instance: DuckDBInstance) {
    this.instance = instance;
  }

  /** A connection with a transaction of its own, for one query. */
  async take(): Promise<DuckDBConnection> {
    const connection = this.idle.pop() ?? (await this.instance.connect());
    await connection.run('BEGIN TRANSACTION');
    return connection;
  }

  /** Takes a connection back; one whose result was not read to its end is closed instead. */
  async giveBack(connection: DuckDBConnection, finished: boolean): Promise<void> {
    if (finished) await connection.run('COMMIT');
    if (finished && this.idle.length < ReaderPool.MAX_IDLE) this.idle.push(connection);
    else connection.closeSync();
  }

  close(): void {
    for (const connection of this.idle.splice(0)) connection.closeSync();
  }
}
