import { existingBucket } from './buckets.ts';
import type { ListedObject } from './object-index.ts';
import type { Operation } from './operation.ts';
import { S3Error } from './s3-error.ts';
import { xmlDocument } from './xml.ts';

/** ListObjectsV2; the first version of the operation is refused. */
export const listObjectsV2: Operation = {
  name: 'ListObjectsV2',
  method: 'GET',
  target: 'bucket',
  select: ['list-type'],
  query: ['prefix', 'delimiter', 'start-after', 'continuation-token', 'max-keys', 'encoding-type', 'fetch-owner'],
  answer(request, context) {
    const { bucket, query } = request;
    existingBucket(context, bucket);
    const prefix = query.get('prefix') ?? '';
    const delimiter = query.get('delimiter') ?? '';
    const startAfter = query.get('start-after');
    const token = query.get('continuation-token');
    const maxKeys = countParameter(query, 'max-keys');
    const encode = keyEncoding(query);
    const from = token === undefined ? afterKey(startAfter) : decodeToken(token);
    const page = listPage((key) => context.objects.scan(bucket, key), { prefix, delimiter, maxKeys, from });
    return {
      body: xmlDocument('ListBucketResult', {
        Name: bucket,
        Prefix: encode(prefix),
        Delimiter: delimiter ? encode(delimiter) : undefined,
        StartAfter: startAfter && encode(startAfter),
        ContinuationToken: token,
        NextContinuationToken: page.next?.toString('base64url'),
        EncodingType: query.get('encoding-type'),
        MaxKeys: maxKeys,
        KeyCount: page.objects.length + page.commonPrefixes.length,
        IsTruncated: page.next !== undefined,
        Contents: page.objects.map(({ key, object }) => ({
          Key: encode(key.toString('utf8')),
          LastModified: new Date(object.modifiedMs).toISOString(),
          ETag: `"${object.etag}"`,
          ChecksumAlgorithm: object.checksum?.algorithm,
          ChecksumType: object.checksum?.type,
          Size: object.sizeBytes,
          StorageClass: object.headers['x-amz-storage-class'] ?? 'STANDARD',
          Owner: query.get('fetch-owner') === 'true' ? { ID: context.account.accountId } : undefined,
        })),
        CommonPrefixes: page.commonPrefixes.map((commonPrefix) => ({ Prefix: encode(commonPrefix) })),
      }),
    };
  },
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
const listPage = (
  scan: (fromKey: Buffer) => Iterable<ListedObject>,
  { prefix, delimiter, maxKeys, from }: { prefix: string; delimiter: string; maxKeys: number; from: Buffer },
): Page => {
  const prefixBytes = Buffer.from(prefix);
  const delimiterBytes = Buffer.from(delimiter);
  const objects: ListedObject[] = [];
  const commonPrefixes: string[] = [];
  let next = Buffer.compare(from, prefixBytes) < 0 ? prefixBytes : from;
  if (maxKeys === 0) return { objects, commonPrefixes, next: undefined };
  let skipped: Buffer | undefined;
  do {
    skipped = undefined;
    for (const listed of scan(next)) {
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
