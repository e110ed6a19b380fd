import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { KeyPair } from '#local/iam/iam.ts';
import { type SignOptions, signedRequest, type Unsigned } from '#test/local/iam/signed-request.ts';
import { PERSON } from '#test/local/iam/test-iam.ts';

export interface RawRequest extends Unsigned {
  /** The person's; null sends the request as it is. */
  readonly keys?: KeyPair | null;
  /** Makes a presigned URL. */
  readonly expiresIn?: number;
  readonly at?: Date;
  /** What is done to the request once it is signed. */
  readonly tamper?: (sent: Sent) => Sent;
}

interface Sent {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | Buffer;
}

export interface RawAnswer {
  readonly statusCode: number | undefined;
  readonly body: string;
  /** S3's error code, if the answer has one. */
  readonly code: string | undefined;
}

/** Sends a request to an S3 that no client would send, signed unless told otherwise. */
export const rawRequest = async (
  endpoint: string,
  { method = 'GET', path = '/', query = {}, headers = {}, body = '', keys = PERSON, expiresIn, at, tamper }: RawRequest,
): Promise<RawAnswer> => {
  const unsigned = { method, path, query, headers, body };
  const target =
    keys === null
      ? { path: withQuery(path, query), headers }
      : await signed(endpoint, unsigned, { keys, ...(expiresIn !== undefined && { expiresIn }), ...(at && { at }) });
  const sent = { ...target, body };
  const { hostname, port } = new URL(endpoint);
  return send({ hostname, port, method, ...(tamper ? tamper(sent) : sent) });
};

/** The path, with its query, and the headers of a request that is signed for S3. */
export const signed = async (
  endpoint: string,
  { headers, ...request }: Unsigned,
  options: Omit<SignOptions, 'service'> = { keys: PERSON },
): Promise<Pick<Sent, 'path' | 'headers'>> => {
  const { host } = new URL(endpoint);
  const sent = await signedRequest(
    { method: 'GET', ...request, headers: { host, ...headers } },
    { ...options, service: 's3' },
  );
  return { path: sent.url!, headers: sent.headers as Record<string, string> };
};

const withQuery = (path: string, query: NonNullable<Unsigned['query']>): string => {
  const text = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return text.length === 0 ? path : `${path}?${text.join('&')}`;
};

const send = ({ body, ...options }: Sent & { hostname: string; port: string; method: string }): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const sending = request(options, async (response) => {
      const answer = await text(response);
      resolve({
        statusCode: response.statusCode,
        body: answer,
        code: /<Code>(\w+)<\/Code>/.exec(answer)?.[1],
      });
    });
    sending.on('error', reject).end(body);
  });
