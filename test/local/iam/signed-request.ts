import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { KeyPair } from '#local/iam/iam.ts';

export interface Unsigned {
  readonly method?: string;
  readonly path?: string;
  readonly query?: Record<string, string | string[]>;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** SHA-256 as the signer wants it, from Node. */
class Sha256 {
  #hash;
  constructor(secret?: string | Uint8Array) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array);
  }
  update(data: Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {}
}

export interface SignOptions {
  readonly keys: KeyPair;
  readonly service?: string;
  readonly region?: string;
  readonly at?: Date;
  /** Seconds; makes a presigned URL. */
  readonly expiresIn?: number;
}

/** A request as a server receives it, signed by the SDK's own signer. */
export const signedRequest = async (
  { method = 'POST', path = '/', query = {}, headers = {}, body = '' }: Unsigned,
  { keys, service = 'states', region = 'eu-central-1', at = new Date(), expiresIn }: SignOptions,
): Promise<IncomingMessage> => {
  const signer = new SignatureV4({
    service,
    region,
    credentials: keys,
    sha256: Sha256 as never,
    uriEscapePath: service !== 's3',
  });
  const request = {
    method,
    protocol: 'http:',
    hostname: '127.0.0.1',
    path,
    query,
    headers: {
      host: '127.0.0.1:9000',
      // As S3's own presigner does: the body of a later PUT isn't known yet.
      ...(expiresIn !== undefined && service === 's3' && { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }),
      ...headers,
    },
    body,
  };
  const signed =
    expiresIn === undefined
      ? await signer.sign(request, { signingDate: at })
      : await signer.presign(request, { signingDate: at, expiresIn });
  const text = Object.entries(signed.query ?? {})
    .flatMap(([name, values]) => [values ?? []].flat().map((value) => `${encode(name)}=${encode(value)}`))
    .join('&');
  return receivedRequest(method, text === '' ? path : `${path}?${text}`, signed.headers);
};

const encode = (text: string): string => encodeURIComponent(text).replaceAll('*', '%2A');

export const receivedRequest = (method: string, url: string, sent: Record<string, string>): IncomingMessage => {
  const entries = Object.entries(sent).map(([name, value]) => [name.toLowerCase(), value] as const);
  return {
    method,
    url,
    headers: Object.fromEntries(entries),
    headersDistinct: Object.fromEntries(entries.map(([name, value]) => [name, [value]])),
  } as unknown as IncomingMessage;
};

/** The same request, changed on its way. */
export const altered = (
  request: IncomingMessage,
  { url, headers = {} }: { url?: string; headers?: Record<string, string | undefined> },
) => {
  const changed = Object.fromEntries(
    Object.entries({ ...request.headers, ...headers }).filter(([, value]) => value !== undefined),
  ) as Record<string, string>;
  return receivedRequest(request.method!, url ?? request.url!, changed);
};
