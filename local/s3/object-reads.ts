import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { existingBucket } from './buckets.ts';
import { checksumHeaders } from './checksum.ts';
import { checkRead, isUnchanged } from './conditions.ts';
import type { DataFiles } from './data-files.ts';
import { refuseMissingKey } from './missing-key.ts';
import type { Operation, Reply, S3Context } from './operation.ts';
import { parseRange } from './range.ts';
import type { ObjectName, S3Request } from './request.ts';
import type { StoredObject } from './stored-object.ts';

const RESPONSE_OVERRIDES: readonly string[] = [
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
];

/** GetObject, and HeadObject, which answers the same without the bytes. */
export const READ_OPERATIONS: readonly Operation[] = (['GetObject', 'HeadObject'] as const).map((name) => ({
  name,
  method: name === 'GetObject' ? 'GET' : 'HEAD',
  target: 'object',
  query: RESPONSE_OVERRIDES,
  headers: ['x-amz-checksum-mode'],
  answer: (request, context) => readObject(request, context),
}));

/** @throws S3Error NoSuchBucket; what `refuseMissingKey` throws. */
export const existingObject = (request: S3Request, context: S3Context, name: ObjectName = request): StoredObject => {
  existingBucket(context, name.bucket);
  return context.objects.get(name.bucket, name.key) ?? refuseMissingKey(request, context, name);
};

const readObject = (request: S3Request, context: S3Context): Reply => {
  const { headers, query, method } = request;
  const object = existingObject(request, context);
  checkRead(headers, object);
  if (isUnchanged(headers, object)) return { statusCode: 304, headers: objectHeaders(object) };
  const { sizeBytes } = object;
  const range = parseRange(headers.range, sizeBytes);
  const { start, end } = range ?? { start: 0, end: sizeBytes - 1 };
  return {
    statusCode: range ? 206 : 200,
    headers: {
      ...objectHeaders(object),
      ...overrides(query),
      ...(range ? { 'content-range': `bytes ${start}-${end}/${sizeBytes}` } : requestedChecksum(object, headers)),
      'accept-ranges': 'bytes',
      'content-length': String(end - start + 1),
    },
    ...(method === 'GET' && sizeBytes > 0 && { body: readBytes(context.files, object, start, end) }),
  };
};

/** Names and dates an object; every reply about one carries them. */
const objectHeaders = ({ headers, etag, modifiedMs, tags }: StoredObject): Record<string, string> => {
  const tagCount = Object.keys(tags).length;
  return {
    ...headers,
    etag: `"${etag}"`,
    'last-modified': new Date(modifiedMs).toUTCString(),
    ...(tagCount > 0 && { 'x-amz-tagging-count': String(tagCount) }),
  };
};

/** Only of the whole object: with a range the client would check the wrong bytes. */
const requestedChecksum = ({ checksum }: StoredObject, headers: S3Request['headers']): Record<string, string> =>
  headers['x-amz-checksum-mode'] === 'ENABLED' ? checksumHeaders(checksum) : {};

const overrides = (query: ReadonlyMap<string, string>): Record<string, string> =>
  Object.fromEntries(
    [...query]
      .filter(([name]) => RESPONSE_OVERRIDES.includes(name))
      .map(([name, value]) => [name.slice('response-'.length), value]),
  );

/** The descriptor is opened before anything is awaited: the bytes stay readable when the object is replaced. */
const readBytes = (files: DataFiles, { file, sizeBytes }: StoredObject, start: number, end: number): Readable =>
  createReadStream('', { fd: files.open(file, sizeBytes), start, end, highWaterMark: READ_BUFFER_BYTES });

const READ_BUFFER_BYTES = 256 * 1024;
