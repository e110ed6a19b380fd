import type { HanaCursor, HanaSession, HanaStatement, HanaValue } from '#local/hana/engine.ts';
import { HANA_ERRORS } from './errors.ts';
import type { IncomingLob } from './incoming-lob.ts';
import { LobStore } from './lob-store.ts';
import { ResultSet } from './result-set.ts';

/** What a logged-on connection holds: its statements, result sets, LOBs and what is under way. */
export class ClientSession {
  readonly engine: HanaSession;
  readonly dataFormat: number;
  readonly lobs = new LobStore();
  /** An insert whose LOBs are still being sent. */
  pendingInsert: PendingInsert | undefined;
  /** The statement whose batch comes in several packets that are to be committed as one. */
  splitBatch: bigint | undefined;
  readonly #statements = new Map<bigint, OpenStatement>();
  readonly #resultSets = new Map<bigint, { readonly resultSet: ResultSet; readonly statement: OpenStatement }>();
  #lastId = 0n;

  constructor(engine: HanaSession, dataFormat: number) {
    this.engine = engine;
    this.dataFormat = dataFormat;
  }

  async prepare(sql: string): Promise<OpenStatement> {
    const statement = await this.engine.prepare(sql);
    const open = { id: this.#nextId(), statement, resultSets: 0, isDropped: false };
    this.#statements.set(open.id, open);
    return open;
  }

  /** @throws HanaError 1033 for an id that was never given out, or was dropped. */
  statement(id: bigint): OpenStatement {
    const open = this.#statements.get(id);
    if (!open) throw HANA_ERRORS.parsingProtocol('invalid statement id');
    return open;
  }

  /** The statement itself lives until its last result set is closed. */
  async dropStatement(open: OpenStatement): Promise<void> {
    this.#statements.delete(open.id);
    open.isDropped = true;
    if (open.resultSets === 0) await open.statement.close();
  }

  openResultSet(statement: OpenStatement, cursor: HanaCursor): ResultSet {
    const resultSet = new ResultSet(this.#nextId(), cursor, { dataFormat: this.dataFormat, lobs: this.lobs });
    statement.resultSets += 1;
    this.#resultSets.set(resultSet.id, { resultSet, statement });
    return resultSet;
  }

  /** @throws HanaError 1033 for an id that was never given out, or was closed. */
  resultSet(id: bigint): ResultSet {
    const open = this.#resultSets.get(id);
    if (!open) throw HANA_ERRORS.parsingProtocol('invalid resultset id');
    return open.resultSet;
  }

  async closeResultSet({ id }: ResultSet): Promise<void> {
    const open = this.#resultSets.get(id);
    if (!open) return;
    this.#resultSets.delete(id);
    await open.resultSet.close();
    open.statement.resultSets -= 1;
    if (open.statement.isDropped && open.statement.resultSets === 0) await open.statement.statement.close();
  }

  async commit(): Promise<void> {
    await this.engine.commit();
    this.#endLobs();
  }

  async rollback(): Promise<void> {
    await this.engine.rollback();
    this.#endLobs();
  }

  /** Rolls back and frees everything. */
  async close(): Promise<void> {
    for (const { resultSet } of [...this.#resultSets.values()]) await this.closeResultSet(resultSet);
    for (const open of [...this.#statements.values()]) await this.dropStatement(open);
    await this.engine.close();
  }

  /** Cursors live over a commit, and their LOBs with them. */
  #endLobs(): void {
    if (this.#resultSets.size === 0) this.lobs.clear();
  }

  #nextId(): bigint {
    this.#lastId += 1n;
    return this.#lastId;
  }
}

export interface OpenStatement {
  readonly id: bigint;
  readonly statement: HanaStatement;
  resultSets: number;
  isDropped: boolean;
}

/** The rows of one EXECUTE request; a batch may take several. */
export interface Packet {
  readonly open: OpenStatement;
  readonly rows: readonly (readonly HanaValue[])[];
  /** The client's autocommit, which stands for the batch as a whole. */
  readonly commit: boolean;
  readonly isLastPacket: boolean;
}

export interface PendingInsert {
  readonly packet: Packet;
  /** By the locator under which the client sends the rest. */
  readonly lobs: Map<bigint, IncomingLob>;
}
