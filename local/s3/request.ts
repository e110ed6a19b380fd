import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { bodyChunks } from '#local/http/body-chunks.ts';
import type { Caller, Iam, SignedPayload } from '#local/iam/iam.ts';
import { decode } from './decode.ts';
import { S3Error } from './s3-error.ts';

export interface ObjectName {
  readonly bucket: string;
  readonly key: string;
}

/** A request whose signature is verified, taken apart. `bucket` and `key` are empty where the path has none. */
export interface S3Request extends ObjectName {
  readonly id: string;
  readonly method: string;
  /** The path as it was sent, which errors name as their resource. */
  readonly resource: string;
  /** Without the parameters of a presigned URL. */
  readonly query: ReadonlyMap<string, string>;
  /** By lower-case name; `x-amz-` parameters of a presigned URL count as headers. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** When a presigned URL was signed, in milliseconds since 1970. */
  readonly presignedAt: number | undefined;
  readonly caller: Caller;
  /** What the signature says about the body. */
  readonly payload: SignedPayload;
  readonly body: AsyncIterable<Buffer>;
}

export const newRequestId = (): string => randomBytes(8).toString('hex').toUpperCase();

/**
 * Finds out who sent a request and takes it apart: path style, and not normalized, `..` in a key is text.
 *
 * @throws SignatureError; S3Error InvalidURI for percent signs that encode no UTF-8.
 */
export const parseRequest = (
  message: IncomingMessage,
  id: string,
  iam: Pick<Iam, 'authenticateHeaders'>,
): S3Request => {
  const target = message.url ?? '/';
  const queryStart = target.indexOf('?');
  const resource = queryStart < 0 ? target : target.slice(0, queryStart);
  const query = parseQuery(queryStart < 0 ? '' : target.slice(queryStart + 1));
  const { caller, payload } = iam.authenticateHeaders(message, 's3');
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(message.headers))
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  const keyStart = resource.indexOf('/', 1);
  const bucket = decode(keyStart < 0 ? resource.slice(1) : resource.slice(1, keyStart));
  // Its ARN would be that of an object in another bucket.
  if (bucket.includes('/')) throw new S3Error('InvalidBucketName', { details: { BucketName: bucket } });
  return {
    id,
    method: message.method ?? 'GET',
    resource,
    bucket,
    key: keyStart < 0 ? '' : decode(resource.slice(keyStart + 1)),
    presignedAt: query.has('X-Amz-Signature') ? adoptPresignedParameters(query, headers) : undefined,
    query,
    headers,
    caller,
    payload,
    body: bodyChunks(message),
  };
};

/** A `+` is a plus, as the signature has it: form encoding is not part of SigV4. */
const parseQuery = (text: string): Map<string, string> => {
  const query = new Map<string, string>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const value = equals < 0 ? '' : pair.slice(equals + 1);
    query.set(decode(name), decode(value));
  }
  return query;
};

/** The signature's own parameters go, headers that are sent in the query become headers. Returns when the URL was signed. */
const adoptPresignedParameters = (query: Map<string, string>, headers: Record<string, string | undefined>): number => {
  const signedAt = asDate(query.get('X-Amz-Date') ?? '');
  for (const [name, value] of [...query]) {
    if (!name.toLowerCase().startsWith('x-amz-')) continue;
    query.delete(name);
    if (!PRESIGNED_PARAMETERS.includes(name)) headers[name.toLowerCase()] ??= value;
  }
  return signedAt;
};

const PRESIGNED_PARAMETERS = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-SignedHeaders',
  'X-Amz-Signature',
];

/** `20261107T101500Z` → milliseconds, or NaN. */
const asDate = (basic: string): number =>
  Date.parse(basic.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
