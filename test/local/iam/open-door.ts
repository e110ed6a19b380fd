import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignatureError } from '#local/iam/errors.ts';
import type { Iam, Principal, SignedPayload } from '#local/iam/iam.ts';

export interface Visit {
  readonly principal?: Principal;
  readonly payload?: SignedPayload;
  readonly refused?: SignatureError;
}

/** A server that only looks at signatures: it answers 200 with `{}`, or 403, and notes what it found. */
export const openDoor = async (iam: Iam, service: string, bodyFirst: boolean) => {
  const visits: Visit[] = [];
  const look = (request: IncomingMessage, body: Buffer): Visit => {
    try {
      if (bodyFirst) return { principal: iam.authenticate(request, service, body).principal };
      const { caller, payload } = iam.authenticateHeaders(request, service);
      return { principal: caller.principal, payload };
    } catch (error) {
      if (error instanceof SignatureError) return { refused: error };
      throw error;
    }
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const visit = look(request, Buffer.concat(chunks));
    visits.push(visit);
    response.writeHead(visit.refused ? 403 : 200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(service === 's3' ? '' : '{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    visits,
    last: (): Visit => visits.at(-1)!,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
