import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hanaConnections } from '#shared/warehouse/hana.ts';
import type { SqlConnections } from '#shared/warehouse/sql-connection.ts';
import { sqlWarehouse } from '#shared/warehouse/sql-warehouse.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { type OpenHana, openHana } from '#test/shared/warehouse/open-hana.ts';
import { givenScoredRun, leftBy } from './scored-run.ts';
import { type WriteVariables, writeBackSteps } from './steps.ts';

describe('a commit whose acknowledgement is lost on the wire', () => {
  let hana: OpenHana;
  let proxy: Worker;
  let proxyPort: number;
  beforeAll(async () => {
    hana = await openHana();
    const { address: host, port } = hana.credentials;
    proxy = new Worker(new URL('lost-reply-proxy.ts', import.meta.url), { workerData: { host, port } });
    [proxyPort] = await once(proxy, 'message');
  });
  afterAll(async () => {
    await proxy.terminate();
    await hana.close();
  });

  /** The next reply that comes over the wire is lost, and the connection with it. */
  const loseNextReply = async (): Promise<void> => {
    proxy.postMessage('lose');
    await once(proxy, 'message');
  };

  /** Over the wire that cuts itself, at the commit that `losesCommit` says. */
  const overTheWire = (losesCommit: () => boolean): SqlConnections => {
    const credentials = { ...hana.credentials, port: proxyPort };
    const connections = hanaConnections({ get: async () => credentials, refresh: async () => credentials });
    return {
      async open(info) {
        const open = await connections.open(info);
        const commit = async (): Promise<void> => {
          if (losesCommit()) await loseNextReply();
          await open.connection.commit();
        };
        return { ...open, connection: { ...open.connection, commit } };
      },
    };
  };

  it('is settled by the ledger: the publication took place, and takes place once', async () => {
    const objectStore = inMemoryObjectStore();
    const run = await givenScoredRun({ objectStore, warehouse: hana.warehouse }, { runId: 'run-1', mode: 'append' });
    const steps = writeBackSteps(run, { objectStore });
    let variables: WriteVariables = {};
    for (const step of steps.slice(0, -1))
      variables = await step(variables, { objectStore, warehouse: hana.warehouse });
    let commitsToLose = 1;
    const warehouse = sqlWarehouse(overTheWire(() => commitsToLose-- === 1));

    const published = await steps.at(-1)!(variables, { objectStore, warehouse });

    const left = await leftBy({ objectStore, warehouse: hana.warehouse }, run, variables.plan!.writeId);
    expect(published.rowCount).toBe(3);
    // The second commit is of the look into the ledger.
    expect(commitsToLose).toBe(-1);
    expect(left.rows.filter((row) => row.includes('run-1'))).toHaveLength(3);
    expect(left).toMatchObject({ stagedCount: 0, chunks: [], isReserved: false });
  });

  it('of a part that is staged makes the step fail for now, and the next try finds the part', async () => {
    const objectStore = inMemoryObjectStore();
    const run = await givenScoredRun({ objectStore, warehouse: hana.warehouse }, { runId: 'run-2', mode: 'append' });
    const steps = writeBackSteps(run, { objectStore });
    const variables = await steps[0]!({}, { objectStore, warehouse: hana.warehouse });
    let commits = 0;
    // The first commit is the lease's, the second the part's.
    const cut = sqlWarehouse(overTheWire(() => ++commits === 2));

    const first = steps[1]!(variables, { objectStore, warehouse: cut });

    await expect(first).rejects.toMatchObject({ name: 'WarehouseUnavailableError' });
    let last = variables;
    for (const step of steps.slice(1)) last = await step(last, { objectStore, warehouse: hana.warehouse });
    const left = await leftBy({ objectStore, warehouse: hana.warehouse }, run, variables.plan!.writeId);
    expect(left.rows.filter((row) => row.includes('run-2'))).toHaveLength(3);
  });
});
