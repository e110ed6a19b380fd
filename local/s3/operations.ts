import { BUCKET_OPERATIONS } from './buckets.ts';
import { completeMultipartUpload } from './complete-multipart.ts';
import { copyObject } from './copy-object.ts';
import { LIST_OPERATIONS } from './listing.ts';
import { MULTIPART_OPERATIONS } from './multipart.ts';
import { MULTIPART_LIST_OPERATIONS } from './multipart-listing.ts';
import { DELETE_OPERATIONS } from './object-deletes.ts';
import { READ_OPERATIONS } from './object-reads.ts';
import type { Operation } from './operation.ts';
import { putObject } from './put-object.ts';
import type { S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';
import { TAG_OPERATIONS } from './tags.ts';

/**
 * Finds the operation that a request asks for. A query parameter or `x-amz-` header that the operation doesn't know
 * asks for something else, so the request is refused rather than answered by the plain operation.
 *
 * @throws S3Error NotImplemented naming the parameter, header or operation.
 */
export const findOperation = (request: S3Request): Operation => {
  const target = request.bucket === '' ? 'service' : request.key === '' ? 'bucket' : 'object';
  const candidates = OPERATIONS.filter(
    (operation) =>
      operation.method === request.method &&
      operation.target === target &&
      (operation.select ?? []).every((name) => request.query.has(name)) &&
      (operation.selectHeader === undefined || request.headers[operation.selectHeader] !== undefined),
  );
  const operation = candidates.sort((left, right) => selectivity(right) - selectivity(left))[0];
  const known = [...(operation?.select ?? []), ...(operation?.query ?? []), ...IGNORED_QUERY];
  const parameter = [...request.query.keys()].find((name) => !known.includes(name));
  if (parameter !== undefined) {
    throw notImplemented(`${request.method} of ${article(target)} with ?${parameter}`, { QueryParameter: parameter });
  }
  if (!operation) throw notImplemented(`${request.method} of ${article(target)}`, { Method: request.method });
  const header = Object.keys(request.headers).find((name) => name.startsWith('x-amz-') && !knows(operation, name));
  if (header !== undefined) throw notImplemented(`${operation.name} with ${header}`, { Header: header });
  return operation;
};

export const OPERATIONS: readonly Operation[] = [
  ...BUCKET_OPERATIONS,
  ...LIST_OPERATIONS,
  ...READ_OPERATIONS,
  putObject,
  copyObject,
  ...DELETE_OPERATIONS,
  ...TAG_OPERATIONS,
  ...MULTIPART_OPERATIONS,
  completeMultipartUpload,
  ...MULTIPART_LIST_OPERATIONS,
];

const selectivity = ({ select = [], selectHeader }: Operation): number => select.length + (selectHeader ? 1 : 0);

/** The SDK names its operation in `x-id`, for logs. */
const IGNORED_QUERY: readonly string[] = ['x-id'];

/** Headers of the protocol, which say nothing about the operation. */
const PROTOCOL_HEADERS: readonly string[] = [
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-expected-bucket-owner',
  'x-amz-security-token',
  'x-amz-user-agent',
];

const knows = ({ headers = [], selectHeader }: Operation, name: string): boolean =>
  name === selectHeader ||
  PROTOCOL_HEADERS.includes(name) ||
  headers.some((known) => (known.endsWith('*') ? name.startsWith(known.slice(0, -1)) : name === known));

const article = (target: Operation['target']): string =>
  ({ service: 'the service', bucket: 'a bucket', object: 'an object' })[target];

const notImplemented = (what: string, details: Record<string, string>): S3Error =>
  new S3Error('NotImplemented', { message: `${what} is not implemented by the local S3.`, details });
