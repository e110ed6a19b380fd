import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { PortInUseError } from '#local/http/listen.ts';
import type { HanaEngine } from './engine.ts';
import { NEWEST_DATA_FORMAT } from './protocol/connect-options.ts';
import { Connection, type HanaCounters } from './protocol/connection.ts';

export interface HanaServerOptions {
  readonly engine: HanaEngine;
  /** 0 lets the system choose a free port. */
  readonly port?: number;
  /** PEM texts; the certificate must name `localhost`, since SAP's client compares DNS names only. */
  readonly tls: { readonly key: string; readonly cert: string };
  /** Takes unencrypted connections on the same port too. Without it they get error 4321. */
  readonly allowPlaintext?: boolean;
  /** Added to each reply, as a distant warehouse would. */
  readonly replyDelayMs?: number;
  /** How long a client may take to log on before its connection is closed. */
  readonly logonTimeoutMs?: number;
  /** The newest data format offered; older ones are what older clients speak. */
  readonly newestDataFormat?: number;
}

export interface HanaServer {
  /** `localhost`, because a certificate is checked against a name; it listens on 127.0.0.1 only. */
  readonly host: 'localhost';
  readonly port: number;
  readonly counters: Readonly<HanaCounters>;
  /** Ends all connections, rolling back what is open. The engine stays. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Serves HANA's SQL command network protocol, so that SAP's own clients connect.
 *
 * @throws PortInUseError when another process listens on `port`.
 */
export const startHanaServer = async ({
  engine,
  port = 0,
  tls,
  allowPlaintext = false,
  replyDelayMs = 0,
  logonTimeoutMs = 10_000,
  newestDataFormat = NEWEST_DATA_FORMAT,
}: HanaServerOptions): Promise<HanaServer> => {
  const secureContext = createSecureContext({ ...tls, minVersion: 'TLSv1.2' });
  const counters: HanaCounters = { connections: 0, roundTrips: 0, statements: 0 };
  const sockets = new Set<Socket>();
  const connections = new Set<Connection>();

  const server = createServer({ noDelay: true }, (raw) => {
    sockets.add(raw);
    raw.once('close', () => sockets.delete(raw));
    raw.on('error', () => raw.destroy());
    const silence = setTimeout(() => raw.destroy(), logonTimeoutMs);
    raw.once('close', () => clearTimeout(silence));
    raw.once('data', (first: Buffer) => {
      clearTimeout(silence);
      const isTls = first[0] === TLS_HANDSHAKE;
      raw.pause();
      raw.unshift(first);
      const connection = new Connection(isTls ? secured(raw, secureContext) : raw, {
        engine,
        isRefused: !isTls && !allowPlaintext,
        newestDataFormat,
        replyDelayMs,
        logonTimeoutMs,
        counters,
      });
      connections.add(connection);
      connection.closed.finally(() => connections.delete(connection));
      if (!isTls) raw.resume();
    });
  });
  await listen(server, port);

  return {
    host: 'localhost',
    port: (server.address() as AddressInfo).port,
    counters,
    close: async () => {
      const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
      const ended = [...connections].map(({ closed }) => closed);
      for (const connection of connections) connection.destroy();
      for (const socket of sockets) socket.destroy();
      await Promise.all([stopped, ...ended]);
    },
  };
};

/** The first byte of a TLS record that begins a handshake; HANA's own greeting begins with 0xFF. */
const TLS_HANDSHAKE = 0x16;

/** The raw socket must not be resumed: that would hang the handshake. */
const secured = (raw: Socket, secureContext: SecureContext): Duplex => {
  const socket = new TLSSocket(raw, { secureContext, isServer: true });
  raw.once('close', () => socket.destroy());
  return socket;
};

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new PortInUseError(
              `Port ${port} on 127.0.0.1 is in use by another process. Stop it, or choose another port.`,
              { cause: error },
            )
          : error,
      ),
    );
    server.listen(port, '127.0.0.1', () => resolve());
  });
