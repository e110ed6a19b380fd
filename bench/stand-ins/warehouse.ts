import { join } from 'node:path';
import { localhostCertificate } from '#local/hana/certificate.ts';
import { type HanaServer, startHanaServer } from '#local/hana/server.ts';
import { openHanaEngine } from '#local/hana/sql/engine.ts';
import { ROWS_DEFINITION, rowsQuery } from '../rows.ts';

export interface WarehouseSettings {
  readonly folder: string;
  readonly password: string;
  /** One view for each: `V_<rows>`. */
  readonly rowCounts: readonly number[];
  /** One server for each, all before the same tables: how long after its time each reply is sent. */
  readonly delaysMs: readonly number[];
}

export interface Counters {
  readonly connections: number;
  readonly roundTrips: number;
  readonly statements: number;
}

export type FromWarehouse =
  | { readonly ports: readonly number[]; readonly certificate: string }
  | { readonly id: number; readonly rows: readonly (readonly string[])[]; readonly counters: readonly Counters[] }
  | { readonly id: number; readonly problem: string };

export interface ToWarehouse {
  readonly id: number;
  /** Run as the warehouse's owner; a query's rows are answered as text. */
  readonly sql?: string;
  readonly isQuery?: boolean;
}

/** The laptop's HANA in a process of its own: space BENCH with the views, and its database user BENCH#USER. */
const serve = async ({ folder, password, rowCounts, delaysMs }: WarehouseSettings): Promise<void> => {
  const engine = await openHanaEngine({
    databaseFile: join(folder, 'warehouse.duckdb'),
    users: [{ name: 'BENCH#USER', password }],
  });
  const { administration } = engine;
  await administration.ensureSpace('BENCH');
  await administration.loadTable({
    schema: 'BENCH',
    table: 'ROWS',
    definition: ROWS_DEFINITION,
    query: rowsQuery(Math.max(...rowCounts)),
  });
  for (const rowCount of rowCounts) {
    const view = `"BENCH"."V_${rowCount}"`;
    await administration.execute(`CREATE VIEW ${view} AS SELECT * FROM "BENCH"."ROWS" WHERE "ID" < ${rowCount}`);
    await administration.execute(`GRANT SELECT ON ${view} TO "BENCH#USER"`);
  }
  const tls = await localhostCertificate(folder);
  const servers: HanaServer[] = [];
  for (const replyDelayMs of delaysMs) servers.push(await startHanaServer({ engine, tls, replyDelayMs }));

  process.on('message', async ({ id, sql, isQuery }: ToWarehouse) => {
    try {
      const rows = sql && isQuery ? await administration.query(sql) : [];
      if (sql && !isQuery) await administration.execute(sql);
      send({ id, rows: rows.map((row) => row.map(String)), counters: servers.map(({ counters }) => counters) });
    } catch (error) {
      send({ id, problem: (error as Error).message });
    }
  });
  process.once('disconnect', async () => {
    await Promise.all(servers.map((server) => server.close()));
    await engine.close();
    process.exit();
  });
  send({ ports: servers.map(({ port }) => port), certificate: tls.cert });
};

const send = (message: FromWarehouse): void => {
  process.send?.(message);
};

await serve(JSON.parse(process.argv[2]!));
