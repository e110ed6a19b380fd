import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { StandIn } from '#local/stand-in.ts';

/**
 * Serves `handle` on 127.0.0.1.
 *
 * @param port 0 lets the system choose a free port.
 * @throws PortInUseError when another process listens on `port`.
 */
export const listen = async (
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  port = 0,
): Promise<StandIn> => {
  const server = createServer(SETTINGS, handle as RequestListener);
  return { url: `http://127.0.0.1:${await bind(server, port)}`, close: () => stop(server) };
};

/** The same over TLS; `key` and `cert` are PEM texts. */
export const listenTls = async (
  { key, cert }: { readonly key: string; readonly cert: string },
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  port = 0,
): Promise<StandIn> => {
  const server = createTlsServer({ ...SETTINGS, key, cert }, handle as RequestListener);
  return { url: `https://127.0.0.1:${await bind(server, port)}`, close: () => stop(server) };
};

const SETTINGS = { keepAliveTimeout: 60_000, requestTimeout: 0 };

/** The port is taken; the message names it and says how to choose another. */
export class PortInUseError extends Error {
  override readonly name = 'PortInUseError';
}

const bind = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? portInUse(port, error) : error),
    );
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

const portInUse = (port: number, cause: Error): PortInUseError =>
  new PortInUseError(`Port ${port} on 127.0.0.1 is in use by another process. Stop it, or choose another port.`, {
    cause,
  });

const stop = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** Collects a request's body; only for protocols whose messages are small by definition. */
export const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};
