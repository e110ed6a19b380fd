import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { sweepStaging } from '#shared/predictions/sweep-staging.ts';
import { stagingTableName } from '#shared/predictions/write-record.ts';
import { sqlWarehouse } from '#shared/warehouse/sql-warehouse.ts';
import { engineConnections, openEngine } from '#test/functions/exactly-once/engine-connections.ts';
import { givenScoredRun } from '#test/functions/exactly-once/scored-run.ts';
import { type WriteVariables, writeBackSteps } from '#test/functions/exactly-once/steps.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

afterEach(() => {
  vi.useRealTimers();
});

it('drops the staging tables that nobody has worked on for days, and no other', async () => {
  const engine = await openEngine();
  onTestFinished(() => engine.close());
  const warehouse = sqlWarehouse(engineConnections(engine));
  vi.useFakeTimers({ toFake: ['Date'] });
  const stagedAt = async (daysAgo: number, runId: string) => {
    vi.setSystemTime(Date.now() - daysAgo * DAY_MS);
    const ports = { objectStore: inMemoryObjectStore(), warehouse };
    const run = await givenScoredRun(ports, { runId, mode: 'append', table: `T_${runId}` });
    const [plan, part] = writeBackSteps(run, ports);
    const variables: WriteVariables = await part!(await plan!({}, ports), ports);
    vi.setSystemTime(Date.now() + daysAgo * DAY_MS);
    return { again: () => plan!({}, ports), table: stagingTableName(variables.plan!.writeId) };
  };
  const dead = await stagedAt(4, 'dead');
  const resumed = await stagedAt(4, 'resumed');
  const young = await stagedAt(2, 'young');
  // Planning sweeps too, so that what is alive has to show it before anybody else plans.
  await resumed.again();

  const left = await warehouse.write({ runId: 'sweep' }, async (session) => {
    await sweepStaging(session);
    const tables = await Promise.all([dead, resumed, young].map(({ table }) => session.tableOf(table)));
    const chunks = await session.transaction((transaction) => transaction.find('FEDML_CHUNKS', ['WRITE_ID'], {}));
    return { isThere: tables.map((table) => table !== undefined), chunkCount: chunks.length };
  });

  expect(left).toEqual({ isThere: [false, true, true], chunkCount: 2 });
});

it('goes on past a table that can’t be dropped', async () => {
  const dropped: string[] = [];
  const tables = ['1', '2', '3'].map((digit) => stagingTableName(digit.repeat(64)));
  const session = {
    tablesOlderThan: async () => tables,
    transaction: async (work: (transaction: object) => Promise<unknown>) =>
      work({ leaseOwners: async () => [], delete: async () => 0 }),
    async dropTable(name: string) {
      if (name === tables[0]) throw new Error('131: lock wait timeout');
      dropped.push(name);
    },
  };

  await sweepStaging(session as never);

  expect(dropped).toEqual(tables.slice(1));
});
