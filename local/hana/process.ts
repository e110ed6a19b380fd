import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { localhostCertificate } from './certificate.ts';
import { InvalidSpaceError } from './invalid-space-error.ts';
import { startHanaServer } from './server.ts';
import { fillSpaces } from './spaces.ts';
import { openHanaEngine } from './sql/engine.ts';
import type { FromWarehouse, WarehouseSettings } from './start-hana.ts';

/** The warehouse's own process: it encodes rows on one processor core while the client decodes them on another. */
const serve = async (settings: WarehouseSettings, open: AsyncDisposableStack): Promise<void> => {
  const { dataDir, pipelinesDir, port = 0, replyDelayMs = 0 } = settings;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const engine = await openEngine(settings);
  open.defer(() => engine.close());
  await fillSpaces(engine.administration, { pipelinesDir, onProgress: (text) => send({ kind: 'progress', text }) });
  const tls = await localhostCertificate(join(dataDir, 'certificate'));
  const server = await startHanaServer({ engine, port, tls, replyDelayMs });
  open.defer(() => server.close());
  send({ kind: 'ready', host: server.host, port: server.port, certificate: tls.cert });
};

/** A warehouse whose parent was killed ends within moments, and holds its database file until then. */
const PREDECESSOR_MILLISECONDS = 15_000;
const RETRY_MILLISECONDS = 100;

const openEngine = async ({ dataDir, user, password }: WarehouseSettings) => {
  const deadline = Date.now() + PREDECESSOR_MILLISECONDS;
  for (;;) {
    try {
      return await openHanaEngine({
        databaseFile: join(dataDir, 'warehouse.duckdb'),
        users: [{ name: user, password }],
      });
    } catch (error) {
      if (!/Could not set lock on file/.test((error as Error).message) || Date.now() > deadline) throw error;
      await sleep(RETRY_MILLISECONDS);
    }
  }
};

/** What takes longer to close is given up: the database file is whole at any moment. */
const CLOSE_MILLISECONDS = 5_000;

const send = (message: FromWarehouse): void => {
  if (process.connected) process.send!(message);
};

// A Ctrl-C reaches the whole process group; the parent decides when the warehouse ends.
process.on('SIGINT', () => {});
const open = new AsyncDisposableStack();
// The parent ends this process by closing the channel; the channel closes by itself when the parent dies.
process.once('disconnect', () => {
  setTimeout(() => process.exit(1), CLOSE_MILLISECONDS);
  void open.disposeAsync().finally(() => process.exit());
});
process.once('message', (settings: WarehouseSettings) => {
  serve(settings, open).catch((error: Error) => {
    process.exitCode = 1;
    const isInvalidSpace = error instanceof InvalidSpaceError;
    send({ kind: 'failed', isInvalidSpace, message: isInvalidSpace ? error.message : String(error.stack) });
  });
});
