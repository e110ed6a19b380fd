import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localhostCertificate } from '#local/hana/certificate.ts';
import { startHanaServer } from '#local/hana/server.ts';
import { duckdbEngine } from '#test/local/hana/protocol/duckdb-engine.ts';
import { startReplay } from './replay.ts';

/** The servers of the bench, in a process of their own: one encodes DuckDB's rows, one sends what was encoded before. */
const [rowCount] = process.argv.slice(2).map(Number);

const engine = await duckdbEngine({ textLength: 60 });
const connection = await engine.database.connect();
await connection.run(`CREATE TABLE t AS SELECT
  range::INTEGER AS "ID",
  range * 1000003 AS "BIG",
  ((range * 7919) % 100000000 / 100)::DECIMAL(15, 2) AS "AMOUNT",
  CASE WHEN range % 10 = 3 THEN NULL ELSE sqrt(range) END AS "RATIO",
  'Customer ' || (range % 5000) AS "NAME",
  CASE range % 7 WHEN 0 THEN 'Müllheim' WHEN 1 THEN 'Karlsruhe Durlach' ELSE 'Heidelberg' END AS "CITY",
  'ORD' || range AS "CODE",
  DATE '2001-01-01' + (range % 8000)::INTEGER AS "DAY",
  TIMESTAMP '2001-01-01 00:00:00' + to_microseconds(range * 1234567) AS "MOMENT",
  range % 3 = 0 AS "LATE"
  FROM range(${rowCount})`);
const tls = await localhostCertificate(join(tmpdir(), 'fedml-bench-certificate'));
const server = await startHanaServer({ engine, tls, allowPlaintext: true });
const replay = await startReplay(server.port);

process.on('message', (message) => {
  if (message === 'cpu') process.send?.(process.cpuUsage());
});
process.on('disconnect', () => process.exit());
process.send?.({ encoded: server.port, replayed: replay.port });
