import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseWarehouseSecret, type WarehouseCredentials } from '#shared/warehouse/credentials.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { createColumnTable } from '#shared/warehouse/sql.ts';
import type { SqlWarehouse } from '#shared/warehouse/sql-warehouse.ts';
import type { OpenWarehouse } from './contract.ts';
import type { Answer, Request } from './hana-process.ts';

export interface OpenHana extends OpenWarehouse {
  readonly warehouse: SqlWarehouse;
  readonly credentials: WarehouseCredentials;
  /** How many there were so far. */
  counters(): Promise<Counters>;
  /** Runs a statement as the warehouse's owner. */
  administer(sql: string): Promise<void>;
  /** Ends the server at once, as a network that breaks. */
  kill(): void;
}

interface Counters {
  readonly connections: number;
  readonly roundTrips: number;
  readonly statements: number;
}

const PASSWORD = 'Laptop1234';

/** The laptop's HANA with a space SPACE and its database user SPACE#USER, and the production adapter connected to it. */
export const openHana = async (): Promise<OpenHana> => {
  const folder = await mkdtemp(join(tmpdir(), 'warehouse-'));
  const child = fork(new URL('hana-process.ts', import.meta.url), [folder, PASSWORD]);
  const ask = asker(child);
  const [{ ready }] = (await once(child, 'message')) as [Extract<Answer, { ready: unknown }>];
  const credentialsOf = (user: string): WarehouseCredentials =>
    parseWarehouseSecret(
      JSON.stringify({
        address: ready.host,
        port: ready.port,
        user,
        password: PASSWORD,
        schema: 'SPACE',
        sslTrustStore: ready.certificate,
      }),
    );
  const warehouseOf = (credentials: WarehouseCredentials) =>
    hanaWarehouse({ get: async () => credentials, refresh: async () => credentials });
  const space = warehouseOf(credentialsOf('SPACE'));
  const credentials = credentialsOf('SPACE#USER');
  return {
    warehouse: warehouseOf(credentials),
    credentials,
    counters: () => ask(),
    administer: async (sql) => {
      await ask(sql);
    },
    async givenView(name, columns, rows) {
      const table = `T_${name}`;
      await ask(createColumnTable('SPACE', { name: table, columns, primaryKey: [] }));
      if (rows.length > 0) {
        const names = columns.map((column) => column.name);
        await space.write({ runId: 'given' }, (session) =>
          session.transaction((transaction) => transaction.insert(table, names, rows)),
        );
      }
      await ask(`CREATE VIEW "SPACE"."${name}" AS SELECT * FROM "SPACE"."${table}"`);
      await ask(`GRANT SELECT ON "SPACE"."${name}" TO "SPACE#USER"`);
    },
    kill: () => child.kill('SIGKILL'),
    async close() {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        if (child.connected) child.disconnect();
        await exited;
      }
      await rm(folder, { recursive: true });
    },
  };
};

const asker = (child: ReturnType<typeof fork>) => {
  let lastId = 0;
  return async (sql?: string): Promise<Counters> => {
    lastId += 1;
    const id = lastId;
    const { promise, resolve, reject } = Promise.withResolvers<Counters>();
    const listen = (answer: Answer): void => {
      if (!('id' in answer) || answer.id !== id) return;
      child.off('message', listen);
      if ('counters' in answer) resolve(answer.counters);
      else reject(new Error(answer.problem));
    };
    child.on('message', listen);
    child.send({ id, ...(sql === undefined ? {} : { sql }) } satisfies Request);
    return promise;
  };
};
