import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { MESSAGE_TYPE } from '#local/hana/protocol/codes.ts';
import { INFO_REPLY, INFO_REQUEST_BYTES } from '#local/hana/protocol/framing.ts';
import { MessageStream } from '#local/hana/protocol/message-stream.ts';

/**
 * A server of packets that are encoded already: it stands before a real one, passes everything through, keeps the replies
 * to the first SELECT and its fetches, and from then on answers those from memory. Clients come by TLS when there is a
 * certificate; the real server is always reached without.
 */
export const startReplay = async (
  upstreamPort: number,
  tls?: { readonly key: string; readonly cert: string },
): Promise<{ readonly port: number }> => {
  const recorded: Buffer[] = [];
  let isRecorded = false;
  const serve = (client: Socket): void => {
    const upstream = connect({ port: upstreamPort, host: '127.0.0.1', noDelay: true });
    const requests = new MessageStream({ firstBytes: INFO_REQUEST_BYTES, limitBytes: 1 << 30 });
    const replies = new MessageStream({ firstBytes: INFO_REPLY.length, limitBytes: 1 << 30 });
    const asked: Buffer[] = [];
    let next = 0;
    client.on('data', (piece: Buffer) => {
      for (const request of requests.push(piece)) {
        if (isRecorded && readsRows(request)) {
          const reply = recorded[next++] as Buffer;
          request.copy(reply, 0, 0, 12); // session id and packet count
          client.write(reply);
        } else {
          asked.push(request);
          upstream.write(request);
        }
      }
    });
    upstream.on('data', (piece: Buffer) => {
      for (const reply of replies.push(piece)) {
        if (readsRows(asked.shift() as Buffer)) recorded.push(Buffer.from(reply));
        client.write(reply);
      }
    });
    client.on('close', () => {
      isRecorded ||= recorded.length > 0;
      upstream.destroy();
    });
    client.on('error', () => client.destroy());
    upstream.on('error', () => client.destroy());
  };
  const server: Server = tls
    ? createTlsServer({ ...tls, noDelay: true }, serve)
    : createServer({ noDelay: true }, serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return { port: (server.address() as AddressInfo).port };
};

/** Where the message type stands: behind the message's header and 13 bytes of the segment's. */
const MESSAGE_TYPE_OFFSET = 45;

const readsRows = (request: Buffer): boolean => {
  const type = request[MESSAGE_TYPE_OFFSET];
  return type === MESSAGE_TYPE.EXECUTE || type === MESSAGE_TYPE.FETCH_NEXT;
};
