import { existingBucket } from './buckets.ts';
import type { ListedObject } from './object-index.ts';
import type { Operation, S3Context } from './operation.ts';
import type { S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';
import { type XmlChildren, xmlDocument } from './xml.ts';

/** ListObjectsV2. */
const listObjectsV2: Operation = {
  name: 'ListObjectsV2',
  method: 'GET',
  target: 'bucket',
  select: ['list-type'],
  query: ['prefix', 'delimiter', 'start-after', 'continuation-token', 'max-keys', 'encoding-type', 'fetch-owner'],
  answer(request, context) {
    const { query } = request;
    const startAfter = query.get('start-after');
    const token = query.get('continuation-token');
    const encode = keyEncoding(query);
    const page = listPage(request, context, token === undefined ? afterKey(startAfter) : decodeToken(token));
    return {
      body: xmlDocument('ListBucketResult', {
        StartAfter: startAfter && encode(startAfter),
        ContinuationToken: token,
        NextContinuationToken: page.next?.toString('base64url'),
        KeyCount: page.objects.length + page.commonPrefixes.length,
        ...pageContent(page, request, query.get('fetch-owner') === 'true' ? context.account.accountId : undefined),
      }),
    };
  },
};

/** ListObjects, the first version, which boto3's resources still ask for. */
const listObjects: Operation = {
  name: 'ListObjects',
  method: 'GET',
  target: 'bucket',
  query: ['prefix', 'delimiter', 'marker', 'max-keys', 'encoding-type'],
  answer(request, context) {
    const { query } = request;
    const marker = query.get('marker') ?? '';
    const encode = keyEncoding(query);
    const page = listPage(request, context, afterMarker(marker, query));
    // Without a delimiter readers go on from the last key.
    const nextMarker = page.next && query.get('delimiter') ? encode(lastEntry(page)) : undefined;
    return {
      body: xmlDocument('ListBucketResult', {
        Marker: encode(marker),
        NextMarker: nextMarker,
        ...pageContent(page, request, context.account.accountId),
      }),
    };
  },
};

export const LIST_OPERATIONS: readonly Operation[] = [listObjectsV2, listObjects];

/** What both versions answer. */
const pageContent = (page: Page, { bucket, query }: S3Request, ownerId: string | undefined): XmlChildren => {
  const encode = keyEncoding(query);
  const delimiter = query.get('delimiter');
  return {
    Name: bucket,
    Prefix: encode(query.get('prefix') ?? ''),
    Delimiter: delimiter ? encode(delimiter) : undefined,
    EncodingType: query.get('encoding-type'),
    MaxKeys: countParameter(query, 'max-keys'),
    IsTruncated: page.next !== undefined,
    Contents: page.objects.map(({ key, object }) => ({
      Key: encode(key.toString('utf8')),
      LastModified: new Date(object.modifiedMs).toISOString(),
      ETag: `"${object.etag}"`,
      ChecksumAlgorithm: object.checksum?.algorithm,
      ChecksumType: object.checksum?.type,
      Size: object.sizeBytes,
      StorageClass: object.headers['x-amz-storage-class'] ?? 'STANDARD',
      Owner: ownerId === undefined ? undefined : { ID: ownerId },
    })),
    CommonPrefixes: page.commonPrefixes.map((commonPrefix) => ({ Prefix: encode(commonPrefix) })),
  };
};

interface Page {
  readonly objects: readonly ListedObject[];
  readonly commonPrefixes: readonly string[];
  /** Where the next page starts; undefined on the last one. */
  readonly next: Buffer | undefined;
}

/**
 * Collects one page. Bounds are inclusive byte strings, so that "after key k" and "past prefix p" are one thing: the
 * least string behind them. A common prefix is left by a new scan past it, however many keys it holds.
 */
const listPage = ({ bucket, query }: S3Request, context: S3Context, from: Buffer): Page => {
  existingBucket(context, bucket);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const maxKeys = countParameter(query, 'max-keys');
  const prefixBytes = Buffer.from(prefix);
  const delimiterBytes = Buffer.from(delimiter);
  const objects: ListedObject[] = [];
  const commonPrefixes: string[] = [];
  let next = Buffer.compare(from, prefixBytes) < 0 ? prefixBytes : from;
  if (maxKeys === 0) return { objects, commonPrefixes, next: undefined };
  let skipped: Buffer | undefined;
  do {
    skipped = undefined;
    for (const listed of context.objects.scan(bucket, next)) {
      const { key } = listed;
      if (!startsWith(key, prefixBytes)) return { objects, commonPrefixes, next: undefined };
      if (objects.length + commonPrefixes.length === maxKeys) return { objects, commonPrefixes, next };
      const delimiterAt = delimiter ? key.indexOf(delimiterBytes, prefixBytes.length) : -1;
      if (delimiterAt >= 0) {
        skipped = key.subarray(0, delimiterAt + delimiterBytes.length);
        commonPrefixes.push(skipped.toString('utf8'));
        next = pastPrefix(skipped);
        break;
      }
      objects.push(listed);
      next = Buffer.concat([key, LEAST_BYTE]);
    }
  } while (skipped);
  return { objects, commonPrefixes, next: undefined };
};

const LEAST_BYTE = Buffer.of(0);

const startsWith = (key: Buffer, prefix: Buffer): boolean => key.subarray(0, prefix.length).equals(prefix);

const afterKey = (key: string | undefined): Buffer =>
  key ? Buffer.concat([Buffer.from(key), LEAST_BYTE]) : Buffer.alloc(0);

/** A marker may be a common prefix of the page before, which is behind the reader with all of its keys. */
const afterMarker = (marker: string, query: ReadonlyMap<string, string>): Buffer => {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const delimiterAt = delimiter && marker.startsWith(prefix) ? marker.indexOf(delimiter, prefix.length) : -1;
  const isCommonPrefix = delimiterAt >= 0 && delimiterAt + delimiter.length === marker.length;
  return isCommonPrefix ? pastPrefix(Buffer.from(marker)) : afterKey(marker);
};

/** The key or common prefix of a page that is behind all others of it. */
const lastEntry = ({ objects, commonPrefixes }: Page): string => {
  const entries = [objects.at(-1)?.key, commonPrefixes.at(-1)].filter((entry) => entry !== undefined);
  const [last] = entries.map((entry) => Buffer.from(entry)).sort((left, right) => Buffer.compare(right, left));
  return last!.toString('utf8');
};

/** UTF-8 has no byte 0xFF, so the last byte can always go up. */
const pastPrefix = (prefix: Buffer): Buffer => {
  const past = Buffer.from(prefix);
  past[past.length - 1]! += 1;
  return past;
};

const decodeToken = (token: string): Buffer => {
  const from = Buffer.from(token, 'base64url');
  if (from.length > 0 && from.toString('base64url') === token) return from;
  throw new S3Error('InvalidArgument', {
    message: 'The continuation token provided is incorrect',
    details: { ArgumentName: 'continuation-token' },
  });
};

/** S3 never lists more in one answer, whatever is asked for. */
const MAX_LISTED = 1_000;

/** @throws S3Error InvalidArgument when the parameter is no count. */
export const countParameter = (query: ReadonlyMap<string, string>, name: string): number => {
  const value = query.get(name);
  if (value === undefined) return MAX_LISTED;
  if (/^\d{1,9}$/.test(value)) return Math.min(Number(value), MAX_LISTED);
  throw new S3Error('InvalidArgument', {
    message: `Provided ${name} not an integer or within integer range`,
    details: { ArgumentName: name, ArgumentValue: value },
  });
};

/** How keys are written in a listing: as they are, or percent-encoded with `encoding-type=url`. */
export const keyEncoding = (query: ReadonlyMap<string, string>): ((key: string) => string) => {
  const encodingType = query.get('encoding-type');
  if (encodingType === undefined) return (key) => key;
  if (encodingType === 'url') return (key) => encodeURIComponent(key).replaceAll('%2F', '/');
  throw new S3Error('InvalidArgument', {
    message: 'Invalid Encoding Method specified in Request',
    details: { ArgumentName: 'encoding-type', ArgumentValue: encodingType },
  });
};
