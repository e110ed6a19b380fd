import { createServer, connect as dial, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * A wire to HANA that cuts itself: once told to, it lets the next request through and loses the reply and the connection.
 * On a thread of its own, as SAP's client blocks the one that it reads on.
 */
const { host, port } = workerData as { host: string; port: number };
let losesNextReply = false;

const server = createServer((client) => {
  const upstream = dial(port, host);
  client.pipe(upstream);
  upstream.on('data', (reply) => {
    if (!losesNextReply) return void client.write(reply);
    losesNextReply = false;
    cut(client, upstream);
  });
  for (const end of [client, upstream]) end.on('close', () => cut(client, upstream)).on('error', () => undefined);
});

const cut = (...ends: readonly Socket[]): void => {
  for (const end of ends) end.destroy();
};

parentPort!.on('message', () => {
  losesNextReply = true;
  parentPort!.postMessage('armed');
});
server.listen(0, '127.0.0.1', () => parentPort!.postMessage((server.address() as { port: number }).port));
