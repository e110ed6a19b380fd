import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';

/**
 * How fast `@sap/hana-client` reads 1 M rows x 10 columns from the laptop's HANA, against how fast it reads the same
 * packets when they were encoded before. Both in turns, so that what else runs on the machine strikes both.
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
const [ports] = (await once(child, 'message')) as [{ readonly encoded: number; readonly replayed: number }];

interface Reading {
  readonly rowsPerSecond: number;
  readonly clientMicros: number;
  readonly serverMicros: number;
}

const read = async (port: number): Promise<Reading> => {
  const serverBefore = await serverCpuMicros();
  const clientBefore = cpuMicros(process.cpuUsage());
  const client = hana.createConnection();
  client.connect({ serverNode: `localhost:${port}`, uid: 'tester', pwd: 'Secret123', fetchSize: '32767' });
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

await read(ports.replayed); // records the packets
await read(ports.replayed);
await read(ports.encoded);

const pairs: { replayed: Reading; encoded: Reading }[] = [];
for (let pair = 0; pair < pairCount; pair++) {
  const first = pair % 2 === 0 ? 'replayed' : 'encoded';
  const one = await read(ports[first]);
  const other = await read(ports[first === 'replayed' ? 'encoded' : 'replayed']);
  pairs.push(first === 'replayed' ? { replayed: one, encoded: other } : { replayed: other, encoded: one });
}

const row = (name: string, readings: readonly Reading[]) => ({
  path: name,
  'k rows/s': Math.round(median(readings.map((reading) => reading.rowsPerSecond)) / 1000),
  'client CPU µs/row': Number(median(readings.map((reading) => reading.clientMicros)).toFixed(2)),
  'server CPU µs/row': Number(median(readings.map((reading) => reading.serverMicros)).toFixed(2)),
});
console.table([
  row(
    'pre-encoded packets',
    pairs.map(({ replayed }) => replayed),
  ),
  row(
    'DuckDB table, encoded while read',
    pairs.map(({ encoded }) => encoded),
  ),
]);
const ratios = pairs.map(({ replayed, encoded }) => encoded.rowsPerSecond / replayed.rowsPerSecond);
console.log(
  `ratio: ${median(ratios).toFixed(2)} (median of ${pairCount}: ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}); goal: at least 0.50`,
);
child.disconnect();
