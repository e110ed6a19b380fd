import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WarehouseUnavailableError } from '#shared/errors.ts';
import { CHUNKS } from '#shared/predictions/chunks.ts';
import { sweepStaging } from '#shared/predictions/sweep-staging.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import { hanaConnections } from '#shared/warehouse/hana.ts';
import { LEASES } from '#shared/warehouse/lease-sql.ts';
import type { SqlConnection, SqlConnections } from '#shared/warehouse/sql-connection.ts';
import { type SqlWarehouse, sqlWarehouse } from '#shared/warehouse/sql-warehouse.ts';
import type { Row, Warehouse } from '#shared/warehouse/warehouse.ts';
import { stage } from '#test/functions/staging/stage.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenRun, RUN_URI } from '#test/shared/pipeline/fixture.ts';
import { type OpenHana, openHana } from '#test/shared/warehouse/open-hana.ts';
import { givenScoredRun, leftBy } from './scored-run.ts';
import { type WriteVariables, writeBackSteps } from './steps.ts';

/** A statement that was sent, and the session it was sent in, counted from 0. */
interface Sent {
  readonly session: number;
  readonly what: string;
  /** Whether HANA answered it without an error. */
  isDone: boolean;
}

describe('a session that is lost', () => {
  let hana: OpenHana;
  let wire: Worker;
  let wirePort: number;
  beforeAll(async () => {
    hana = await openHana();
    const { address: host, port } = hana.credentials;
    wire = new Worker(new URL('../../shared/warehouse/cutting-proxy.ts', import.meta.url), {
      workerData: { host, port },
    });
    [wirePort] = await once(wire, 'message');
  });
  afterAll(async () => {
    await wire.terminate();
    await hana.close();
  });

  const cut = async (): Promise<void> => {
    wire.postMessage('cut');
    await once(wire, 'message');
  };

  /** Over the wire, which is cut before the statement of that number; the log has what was sent to whom. */
  const cutBefore = (number: number, log: Sent[] = []): SqlWarehouse => {
    let sessions = 0;
    const credentials = { ...hana.credentials, port: wirePort };
    const connections = hanaConnections({ get: async () => credentials, refresh: async () => credentials });
    const cutting: SqlConnections = {
      async open(info) {
        const session = sessions++;
        const open = await connections.open(info);
        const before = async (what: string): Promise<Sent> => {
          if (log.length === number) await cut();
          const sent = { session, what, isDone: false };
          log.push(sent);
          return sent;
        };
        return { ...open, connection: watched(open.connection, before) };
      },
    };
    return sqlWarehouse(cutting);
  };

  /** Cuts the wire before each statement in turn, and at last not at all. Answers how often that was. */
  const atEachStatement = async (attempt: (warehouse: Warehouse, number: number) => Promise<void>): Promise<number> => {
    for (let number = 0; ; number += 1) {
      const log: Sent[] = [];
      await attempt(cutBefore(number, log), number);
      if (log.length <= number) return number;
      // Whatever is tried in the session that was cut fails, also what gives a lease back. Rolling back has nothing to ask HANA.
      const lost = log[number]!.session;
      const after = log.slice(number).filter(({ session, what }) => session === lost && what !== 'ROLLBACK');
      expect(after.filter(({ isDone }) => isDone)).toEqual([]);
    }
  };

  const isLost = (error: unknown): undefined => {
    expect(error).toBeInstanceOf(WarehouseUnavailableError);
    return undefined;
  };

  it('is not replaced by one that may write', async () => {
    await hana.warehouse.write({ runId: 'given' }, (session) =>
      session.createTable({ name: 'UNTOUCHED', columns: [columnOfType('ID', 'INTEGER')], primaryKey: [] }),
    );
    const credentials = { ...hana.credentials, port: wirePort };
    const open = await hanaConnections({ get: async () => credentials, refresh: async () => credentials }).open({
      runId: 'r',
    });
    const run = (sql: string) => open.connection.execute({ sql, parameters: [] }, 'Trying');
    await run('SET TRANSACTION READ ONLY');
    await cut();

    const [first, second] = [await run(INSERT).catch(named), await run(INSERT).catch(named)];
    await open.connection.commit().catch(() => undefined);
    await open.close();

    expect([first, second]).toEqual(['WarehouseUnavailableError', 'WarehouseUnavailableError']);
    expect((await hana.warehouse.query('SELECT COUNT(*) FROM "SPACE#USER"."UNTOUCHED"')).rows).toEqual([[0]]);
  });

  const INSERT = 'INSERT INTO "SPACE#USER"."UNTOUCHED" VALUES (1)';
  const named = (error: Error): string => error.name;

  it('makes staging fail as a whole wherever it is lost, and trying again seals each row once', async () => {
    const rows = Array.from({ length: 40 }, (_, id): Row => [id, id % 2]);
    await hana.givenView('ORDERS', [columnOfType('ID', 'BIGINT'), columnOfType('LATE', 'INTEGER')], rows);
    const settings = { source: { view: 'ORDERS', key: ['ID'], target: 'LATE' } };

    const cuts = await atEachStatement(async (warehouse) => {
      const objectStore = inMemoryObjectStore();
      await givenRun(objectStore, { settings });
      const first = await stage('training', { objectStore, warehouse }).catch(isLost);
      const sealed = first ?? (await stage('training', { objectStore, warehouse: hana.warehouse }));
      const { train, test } = sealed as Record<'train' | 'test', { rowCount: number }>;
      expect(train.rowCount + test.rowCount).toBe(40);
      expect([...objectStore.objects.keys()].filter((uri) => uri.startsWith(RUN_URI))).not.toEqual([]);
    });

    expect(cuts).toBeGreaterThan(8);
  });

  it('makes writing and publishing fail for now wherever it is lost, and trying again writes each row once', async () => {
    const cuts = await atEachStatement(async (warehouse, number) => {
      const objectStore = inMemoryObjectStore();
      const given = { objectStore, warehouse: hana.warehouse };
      const run = await givenScoredRun(given, { runId: `cut-${number}`, mode: 'replace', table: `SCORES_${number}` });
      let variables: WriteVariables = {};
      for (const step of writeBackSteps(run, { objectStore })) {
        variables = (await step(variables, { objectStore, warehouse }).catch(isLost)) ?? (await step(variables, given));
      }
      const left = await leftBy(given, run, variables.plan!.writeId);
      expect(left.rows).toHaveLength(3);
      expect(left).toMatchObject({ stagedCount: 0, chunks: [], isReserved: false });
      expect(left.ledger.filter((entry) => entry.includes(`"cut-${number}"`))).toHaveLength(1);
    });

    expect(cuts).toBeGreaterThan(25);
  }, 240_000);

  it('makes sweeping fail for now wherever it is lost', async () => {
    await hana.warehouse.write({ runId: 'given' }, async (session) => {
      for (const table of [LEASES, CHUNKS]) await session.createTable(table);
    });

    const cuts = await atEachStatement(async (warehouse) => {
      await warehouse.write({ runId: 'sweep' }, sweepStaging).catch(isLost);
    });

    expect(cuts).toBeGreaterThan(1);
  });
});

const watched = (connection: SqlConnection, before: (what: string) => Promise<Sent>): SqlConnection => {
  const watch = async <T>(what: string, run: () => Promise<T>): Promise<T> => {
    const sent = await before(what);
    const result = await run();
    sent.isDone = true;
    return result;
  };
  return {
    query: (statement, doing) => watch(statement.sql, () => connection.query(statement, doing)),
    async *stream(statement, doing) {
      const sent = await before(statement.sql);
      yield* connection.stream(statement, doing);
      sent.isDone = true;
    },
    execute: (statement, doing) => watch(statement.sql, () => connection.execute(statement, doing)),
    executeBatch: (sql, rows, doing) => watch(sql, () => connection.executeBatch(sql, rows, doing)),
    commit: () => watch('COMMIT', () => connection.commit()),
    rollback: () => watch('ROLLBACK', () => connection.rollback()),
  };
};
