import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { StandIn } from '#local/stand-in.ts';
import { continueOnRead } from './expect-continue.ts';
import { whyFromWebPage } from './web-pages.ts';

export type Handle = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

export interface ListenOptions {
  /** How long a request may take to arrive, its body included; 0 where the handler reads bodies of any size and times them. */
  readonly requestTimeoutMs?: number;
  /** Names beside 127.0.0.1 and localhost that programs call this server by. */
  readonly otherHosts?: RegExp;
}

/**
 * Serves `handle` on 127.0.0.1, to programs: what a web page in a browser sends is refused with 403.
 *
 * @param port 0 lets the system choose a free port.
 * @throws PortInUseError when another process listens on `port`.
 */
export const listen = async (handle: Handle, port = 0, options: ListenOptions = {}): Promise<StandIn> => {
  const server = createServer(settings(options));
  answerBy(server, toPrograms(handle, options));
  return { url: `http://127.0.0.1:${await bind(server, port)}`, close: () => stop(server) };
};

const toPrograms =
  (handle: Handle, { otherHosts }: ListenOptions): Handle =>
  (request, response) => {
    const why = whyFromWebPage(request, otherHosts);
    if (why === undefined) return handle(request, response);
    response.writeHead(403, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify({ message: why }));
  };

/** The same over TLS, where no page gets past the certificate; `key` and `cert` are PEM texts. */
export const listenTls = async (
  { key, cert }: { readonly key: string; readonly cert: string },
  handle: Handle,
  port = 0,
): Promise<StandIn> => {
  const server = createTlsServer({ ...settings({}), key, cert });
  answerBy(server, handle);
  return { url: `https://127.0.0.1:${await bind(server, port)}`, close: () => stop(server) };
};

const DEFAULT_REQUEST_TIMEOUT_MS = 60_000;

const settings = ({ requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS }: ListenOptions) => ({
  keepAliveTimeout: 60_000,
  headersTimeout: Math.min(20_000, requestTimeoutMs || Number.POSITIVE_INFINITY),
  requestTimeout: requestTimeoutMs,
  connectionsCheckingInterval: Math.min(5_000, requestTimeoutMs || Number.POSITIVE_INFINITY),
});

/** Answers each request, those that expect 100 Continue too. An error that a handler leaves is the server's, never the process's end. */
const answerBy = (server: Server, handle: Handle): void => {
  const answer: RequestListener = async (request, response) => {
    response.once('finish', () => dropLeftover(request));
    try {
      await handle(request, response as ServerResponse);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
    }
  };
  server.on('request', answer);
  server.on('checkContinue', (request, response) => {
    continueOnRead(request, response);
    answer(request, response);
  });
};

/** Node drops what a client still sends after its answer, however much that is; here it loses its connection after a while. */
const dropLeftover = (request: IncomingMessage): void => {
  if (request.complete) return;
  const cut = setTimeout(() => {
    if (!request.complete) request.socket.destroy();
  }, LEFTOVER_MS).unref();
  request.once('close', () => clearTimeout(cut));
};

const LEFTOVER_MS = 5_000;

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
