import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { StandIn } from '#local/stand-in.ts';
import { whyFromWebPage } from './web-pages.ts';

/**
 * Serves `handle` on 127.0.0.1, to programs: what a web page in a browser sends is refused with 403.
 *
 * @param port 0 lets the system choose a free port.
 * @throws PortInUseError when another process listens on `port`.
 */
export const listen = async (
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  port = 0,
): Promise<StandIn> => {
  const server = createServer(SETTINGS, toPrograms(handle));
  return { url: `http://127.0.0.1:${await bind(server, port)}`, close: () => stop(server) };
};

const toPrograms =
  (handle: (request: IncomingMessage, response: ServerResponse) => void): RequestListener =>
  (request, response) => {
    const why = whyFromWebPage(request);
    if (why === undefined) {
      handle(request, response as ServerResponse);
      return;
    }
    response.writeHead(403, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify({ message: why }));
  };

/** The same over TLS, where no page gets past the certificate; `key` and `cert` are PEM texts. */
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
