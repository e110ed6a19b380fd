import type { IncomingMessage } from 'node:http';
import { type Agent, request } from 'node:https';
import type { AddressGuard } from '#shared/kyma/addresses.ts';

export interface HttpsRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From the first byte that is sent to the last that is received. */
  readonly timeoutMs: number;
  readonly certificateAuthority?: string | undefined;
  /** Keeps connections for further calls; they must be made under the same guard. Without one each call makes its own. */
  readonly agent?: Agent;
}

export interface HttpsAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** An answer to a payload of a megabyte or two is never near this. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/**
 * Calls an https URL at an address that the guard has checked. Redirects are not followed: they are answers like others.
 *
 * @throws Error of the connection, the time limit or the size limit.
 */
export const httpsCall = async (call: HttpsRequest, guard: AddressGuard): Promise<HttpsAnswer> => {
  const { method, headers, body, timeoutMs, certificateAuthority, agent = false } = call;
  const url = guard.parseUrl(call.url);
  const sent = request(url, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
    agent,
    lookup: guard.lookup,
    signal: AbortSignal.timeout(timeoutMs),
    ...(certificateAuthority && { ca: certificateAuthority }),
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve);
    sent.on('error', reject);
  });
  sent.end(body);
  const response = await answered;
  return { status: response.statusCode ?? 0, headers: response.headers, body: await readBody(response) };
};

const readBody = async (response: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_ANSWER_BYTES) throw new Error(`The answer has more than ${MAX_ANSWER_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};
