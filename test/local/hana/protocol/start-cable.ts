import { type AddressInfo, connect, createServer } from 'node:net';

export interface Cable {
  readonly port: number;
  close(): void;
}

/**
 * Stands between a client and the server and passes bytes on; `onSend` may change what the client sends, and by giving
 * undefined it cuts the cable.
 */
export const startCable = async (serverPort: number, onSend: (piece: Buffer) => Buffer | undefined): Promise<Cable> => {
  const cable = createServer({ noDelay: true }, (client) => {
    const server = connect({ port: serverPort, host: '127.0.0.1', noDelay: true });
    client.on('data', (piece: Buffer) => {
      const sent = onSend(piece);
      if (sent) {
        server.write(sent);
        return;
      }
      client.destroy();
      server.destroy();
    });
    client.on('close', () => server.destroy());
    server.pipe(client);
    for (const socket of [client, server]) socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => cable.listen(0, '127.0.0.1', () => resolve()));
  return { port: (cable.address() as AddressInfo).port, close: () => cable.close() };
};
