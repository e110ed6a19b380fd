import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Catalog, CatalogChange } from '../catalog/catalog.ts';
import type { Locks } from './locks.ts';
import type { Spill } from './spill.ts';

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
  readonly connections: () => readonly OpenConnection[];
  readonly readers: ReaderPool;
  readonly spill: Spill;
}

export interface OpenConnection {
  readonly id: number;
  readonly user: string;
  readonly startTime: number;
  /** Breaks off the statement that it runs, if it runs one. */
  readonly cancel: () => void;
}

/** Connections for queries, each with a transaction and a stream of its own. */
export class ReaderPool {
  private readonly instance: DuckDBInstance;
  private readonly idle: DuckDBConnection[] = [];
  private static readonly MAX_IDLE = 4;

  constructor(instance: DuckDBInstance) {
    this.instance = instance;
  }

  async take(): Promise<DuckDBConnection> {
    return this.idle.pop() ?? (await this.instance.connect());
  }

  /** Takes a connection back; one whose result was not read to its end is closed instead. */
  giveBack(connection: DuckDBConnection, finished: boolean): void {
    if (finished && this.idle.length < ReaderPool.MAX_IDLE) this.idle.push(connection);
    else connection.closeSync();
  }

  close(): void {
    for (const connection of this.idle.splice(0)) connection.closeSync();
  }
}
