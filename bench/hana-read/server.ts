import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localhostCertificate } from '#local/hana/certificate.ts';
import { startHanaServer } from '#local/hana/server.ts';
import { openHanaEngine } from '#local/hana/sql/engine.ts';
import { ROWS_DEFINITION, rowsQuery } from '../rows.ts';
import { startReplay } from './replay.ts';

/** The servers of the bench, in a process of their own: one encodes the engine's rows, one sends what was encoded before. */
const [rowCount = 0] = process.argv.slice(2).map(Number);

const engine = await openHanaEngine({
  databaseFile: ':memory:',
  users: [{ name: 'TESTER', password: 'Secret123' }],
});
await engine.administration.loadTable({
  schema: 'TESTER',
  table: 'T',
  definition: ROWS_DEFINITION,
  query: rowsQuery(rowCount),
});
const tls = await localhostCertificate(join(tmpdir(), 'fedml-bench-certificate'));
const server = await startHanaServer({ engine, tls, allowPlaintext: true });
const plain = await startReplay(server.port);
const secured = await startReplay(server.port, tls);

process.on('message', (message) => {
  if (message === 'cpu') process.send?.(process.cpuUsage());
});
process.on('disconnect', () => process.exit());
process.send?.({
  certificate: tls.cert,
  plain: { encoded: server.port, replayed: plain.port },
  tls: { encoded: server.port, replayed: secured.port },
});
