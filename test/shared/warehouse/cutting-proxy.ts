import { createServer, connect as dial, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * A wire to HANA that can be cut: told `cut`, it closes every connection that is open, as a load balancer does to idle ones. New
 * connections get through. On a thread of its own, as SAP's client blocks the one that it reads on.
 */
const { host, port } = workerData as { host: string; port: number };
const open = new Set<Socket>();

const server = createServer((client) => {
  const upstream = dial(port, host);
  client.pipe(upstream).pipe(client);
  for (const end of [client, upstream]) {
    open.add(end);
    end
      .on('error', () => undefined)
      .on('close', () => {
        open.delete(end);
        client.destroy();
        upstream.destroy();
      });
  }
});

parentPort!.on('message', () => {
  for (const end of open) end.destroy();
  setTimeout(() => parentPort!.postMessage('cut'), 20);
});
server.listen(0, '127.0.0.1', () => parentPort!.postMessage((server.address() as { port: number }).port));
