import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { localhostCertificate } from './certificate.ts';
import { startHanaServer } from './server.ts';
import { fillSpaces } from './spaces.ts';
import { openHanaEngine } from './sql/engine.ts';
import type { FromWarehouse, WarehouseSettings } from './start-hana.ts';

/** The warehouse's own process: it encodes rows on one processor core while the client decodes them on another. */
const serve = async ({ dataDir, pipelinesDir, user, password, replyDelayMs }: WarehouseSettings): Promise<void> => {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const engine = await openHanaEngine({
    databaseFile: join(dataDir, 'warehouse.duckdb'),
    users: [{ name: user, password }],
  });
  await fillSpaces(engine.administration, { pipelinesDir, onProgress: (text) => send({ kind: 'progress', text }) });
  const tls = await localhostCertificate(join(dataDir, 'certificate'));
  const server = await startHanaServer({ engine, tls, replyDelayMs: replyDelayMs ?? 0 });
  // The parent ends this process by closing the channel; the channel closes by itself when the parent dies.
  process.once('disconnect', async () => {
    await server.close();
    await engine.close();
    process.exit(0);
  });
  send({ kind: 'ready', host: server.host, port: server.port, certificate: tls.cert });
};

const send = (message: FromWarehouse): void => {
  process.send?.(message);
};

// A Ctrl-C reaches the whole process group; the parent decides when the warehouse ends.
process.on('SIGINT', () => {});
process.once('message', (settings: WarehouseSettings) => {
  serve(settings).catch((error: Error) => {
    send({ kind: 'failed', message: error.stack ?? error.message });
    process.disconnect();
    process.exitCode = 1;
  });
});
