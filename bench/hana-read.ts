import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';

/**
 * How fast `@sap/hana-client` reads 1 M rows x 10 columns from the laptop's HANA, against how fast it reads the same
 * packets when they were encoded before; plain, and over TLS. All in turns, so that what else runs on the machine strikes
 * all of them.
 *
 *     node bench/hana-read.ts [rows] [pairs]
 */
const [rowCount = 1_000_000, pairCount = 5] = process.argv.slice(2).map(Number);

interface Rows {
  next(): boolean;
  getValues(options: { asArray: boolean }): unknown[];
}

interface Client {
  connect(properties: Record<string, string>): void;
  prepare(sql: string): { execQuery(): Rows; drop(): void };
  disconnect(): void;
}
const hana = createRequire(import.meta.url)('@sap/hana-client') as { createConnection(): Client };

const child = fork(new URL('hana-read/server.ts', import.meta.url), [String(rowCount)]);
const [servers] = (await once(child, 'message')) as [{ readonly certificate: string } & Record<Transport, Ports>];

type Transport = 'plain' | 'tls';
type Ports = Record<Path, number>;
type Path = 'encoded' | 'replayed';

const TRANSPORTS: readonly Transport[] = ['plain', 'tls'];

interface Reading {
  readonly rowsPerSecond: number;
  readonly clientMicros: number;
  readonly serverMicros: number;
}

const read = async (transport: Transport, path: Path): Promise<Reading> => {
  const serverBefore = await serverCpuMicros();
  const clientBefore = cpuMicros(process.cpuUsage());
  const client = hana.createConnection();
  client.connect({
    serverNode: `localhost:${servers[transport][path]}`,
    uid: 'tester',
    pwd: 'Secret123',
    fetchSize: '32767',
    ...(transport === 'tls' && { encrypt: 'true', sslTrustStore: servers.certificate }),
  });
  const started = performance.now();
  const rows = client.prepare('SELECT * FROM t').execQuery();
  let count = 0;
  while (rows.next()) if (rows.getValues({ asArray: true }).length === 10) count += 1;
  const seconds = (performance.now() - started) / 1000;
  client.disconnect();
  if (count !== rowCount) throw new Error(`${count} of ${rowCount} rows were read`);
  return {
    rowsPerSecond: count / seconds,
    clientMicros: (cpuMicros(process.cpuUsage()) - clientBefore) / count,
    serverMicros: ((await serverCpuMicros()) - serverBefore) / count,
  };
};

const serverCpuMicros = async (): Promise<number> => {
  child.send('cpu');
  return cpuMicros((await once(child, 'message'))[0] as NodeJS.CpuUsage);
};

const cpuMicros = ({ user, system }: NodeJS.CpuUsage): number => user + system;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;

const readings: Record<Transport, Record<Path, Reading[]>> = {
  plain: { replayed: [], encoded: [] },
  tls: { replayed: [], encoded: [] },
};
for (const transport of TRANSPORTS) {
  await read(transport, 'replayed'); // records the packets
  await read(transport, 'encoded');
}
for (let pair = 0; pair < pairCount; pair++) {
  const paths: readonly Path[] = pair % 2 === 0 ? ['replayed', 'encoded'] : ['encoded', 'replayed'];
  for (const transport of TRANSPORTS) {
    for (const path of paths) readings[transport][path].push(await read(transport, path));
  }
}

const row = (transport: Transport, path: Path) => {
  const of = (value: (reading: Reading) => number): number => median(readings[transport][path].map(value));
  return {
    transport,
    rows: path === 'replayed' ? 'encoded before' : 'of a table, encoded while read',
    'k rows/s': Math.round(of(({ rowsPerSecond }) => rowsPerSecond) / 1000),
    'client CPU µs/row': Number(of(({ clientMicros }) => clientMicros).toFixed(2)),
    'server CPU µs/row': Number(of(({ serverMicros }) => serverMicros).toFixed(2)),
  };
};
console.table(TRANSPORTS.flatMap((transport) => [row(transport, 'replayed'), row(transport, 'encoded')]));
for (const transport of TRANSPORTS) {
  const { replayed, encoded } = readings[transport];
  const ratios = encoded.map(({ rowsPerSecond }, pair) => rowsPerSecond / replayed[pair]!.rowsPerSecond);
  console.log(
    `${transport}: ratio ${median(ratios).toFixed(2)} (median of ${pairCount}: ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}); goal: at least 0.50`,
  );
}
child.disconnect();
