import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { S3Error } from './s3-error.ts';

/** A request, taken apart. `bucket` and `key` are empty where the path has none. */
export interface S3Request {
  readonly id: string;
  readonly method: string;
  /** The path as it was sent, which errors name as their resource. */
  readonly resource: string;
  readonly bucket: string;
  readonly key: string;
  /** Without the parameters of a presigned URL. */
  readonly query: ReadonlyMap<string, string>;
  /** By lower-case name; `x-amz-` parameters of a presigned URL count as headers. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: AsyncIterable<Buffer>;
}

export const newRequestId = (): string => randomBytes(8).toString('hex').toUpperCase();

/**
 * Takes path-style requests apart. The path is not normalized: `..` in a key is text.
 *
 * @throws S3Error InvalidURI for percent signs that encode no UTF-8; what `authenticate` throws.
 */
export const parseRequest = (message: IncomingMessage, id: string): S3Request => {
  const target = message.url ?? '/';
  const queryStart = target.indexOf('?');
  const resource = queryStart < 0 ? target : target.slice(0, queryStart);
  const query = parseQuery(queryStart < 0 ? '' : target.slice(queryStart + 1));
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(message.headers))
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  if (query.has('X-Amz-Signature')) adoptPresignedParameters(query, headers);
  else if (!headers.authorization) throw new S3Error('AccessDenied');
  const keyStart = resource.indexOf('/', 1);
  return {
    id,
    method: message.method ?? 'GET',
    resource,
    bucket: decode(keyStart < 0 ? resource.slice(1) : resource.slice(1, keyStart)),
    key: keyStart < 0 ? '' : decode(resource.slice(keyStart + 1)),
    query,
    headers,
    // Leaving the loop early must not cut the connection before the error is sent.
    body: message.iterator({ destroyOnReturn: false }),
  };
};

const parseQuery = (text: string): Map<string, string> => {
  const query = new Map<string, string>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const value = equals < 0 ? '' : pair.slice(equals + 1);
    query.set(decode(name.replaceAll('+', ' ')), decode(value.replaceAll('+', ' ')));
  }
  return query;
};

export const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new S3Error('InvalidURI', { cause });
  }
};

/** The signature of a presigned URL is not checked, its form and its end are. */
const adoptPresignedParameters = (query: Map<string, string>, headers: Record<string, string | undefined>): void => {
  const missing = PRESIGNED_PARAMETERS.some((name) => !query.get(name));
  const signedAt = asDate(query.get('X-Amz-Date') ?? '');
  const expiresSeconds = Number(query.get('X-Amz-Expires'));
  if (missing || Number.isNaN(signedAt) || !(expiresSeconds > 0))
    throw new S3Error('AuthorizationQueryParametersError');
  if (expiresSeconds > MAX_EXPIRES_SECONDS) {
    throw new S3Error('AuthorizationQueryParametersError', {
      message:
        'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
    });
  }
  if (Date.now() > signedAt + expiresSeconds * 1000) {
    throw new S3Error('AccessDenied', { message: 'Request has expired' });
  }
  for (const [name, value] of [...query]) {
    if (!name.toLowerCase().startsWith('x-amz-')) continue;
    query.delete(name);
    if (!PRESIGNED_PARAMETERS.includes(name)) headers[name.toLowerCase()] ??= value;
  }
};

/** A week: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html */
const MAX_EXPIRES_SECONDS = 604_800;

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
