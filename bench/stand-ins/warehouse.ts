import { join } from 'node:path';
import { localhostCertificate } from '#local/hana/certificate.ts';
import { type HanaServer, startHanaServer } from '#local/hana/server.ts';
import { openHanaEngine } from '#local/hana/sql/engine.ts';
import { REPEATED, ROWS_DEFINITION, rowsQuery } from '../rows.ts';
import { rememberedAnswers } from './remembered-answers.ts';

export interface WarehouseSettings {
  readonly folder: string;
  readonly password: string;
  /** One view for each: `V_<rows>`. */
  readonly rowCounts: readonly number[];
  /** Rows of one view more, `REPEATED`, whose queries are computed the first time only. */
  readonly repeatedRowCount: number;
  /** One server for each, all before the same tables: how long after its time each reply is sent. */
  readonly delaysMs: readonly number[];
}

export interface Counters {
  readonly connections: number;
  readonly roundTrips: number;
  readonly statements: number;
  /** Of the warehouse's process, whichever server it worked for. */
  readonly cpuSeconds: number;
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
const serve = async ({ folder, password, rowCounts, repeatedRowCount, delaysMs }: WarehouseSettings): Promise<void> => {
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
    query: rowsQuery(Math.max(repeatedRowCount, ...rowCounts)),
  });
  const views = [...rowCounts.map((rowCount) => [`V_${rowCount}`, rowCount] as const), [REPEATED, repeatedRowCount]];
  for (const [name, rowCount] of views) {
    const view = `"BENCH"."${name}"`;
    await administration.execute(`CREATE VIEW ${view} AS SELECT * FROM "BENCH"."ROWS" WHERE "ID" < ${rowCount}`);
    await administration.execute(`GRANT SELECT ON ${view} TO "BENCH#USER"`);
  }
  const tls = await localhostCertificate(folder);
  const servers: HanaServer[] = [];
  const remembering = rememberedAnswers(engine, (sql) => sql.includes(REPEATED));
  for (const replyDelayMs of delaysMs) {
    servers.push(await startHanaServer({ engine: remembering, tls, replyDelayMs }));
  }

  process.on('message', async ({ id, sql, isQuery }: ToWarehouse) => {
    try {
      const rows = sql && isQuery ? await administration.query(sql) : [];
      if (sql && !isQuery) await administration.execute(sql);
      const { user, system } = process.cpuUsage();
      const cpuSeconds = (user + system) / 1e6;
      const counters = servers.map((server) => ({ ...server.counters, cpuSeconds }));
      send({ id, rows: rows.map((row) => row.map(String)), counters });
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
