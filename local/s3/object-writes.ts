import { ATTRIBUTE_HEADERS, attributesOf, encryptionHeaders } from './attributes.ts';
import { BODY_HEADERS, MAX_PUT_BYTES, receiveBody } from './body.ts';
import { existingBucket } from './buckets.ts';
import type { Checksum } from './checksum.ts';
import { checksumElement, checksumHeader } from './checksum.ts';
import { checkCopySource, checkWrite } from './conditions.ts';
import { inTransaction } from './database.ts';
import { existingObject } from './object-reads.ts';
import type { Operation, Reply, S3Context } from './operation.ts';
import type { S3Request } from './request.ts';
import { decode } from './request.ts';
import { S3Error } from './s3-error.ts';
import type { ObjectAttributes, StoredObject } from './stored-object.ts';
import { nowInSeconds } from './stored-object.ts';
import { xmlDocument } from './xml.ts';

type CreatedBy = 'PutObject' | 'CopyObject' | 'CompleteMultipartUpload';

/**
 * Puts an object whose data file is complete into the index and announces it. Condition and change are one synchronous
 * step: of several creators exactly one wins. The file is removed when the object is refused.
 *
 * @param alsoChange runs in the same step, between the check and the write.
 * @throws S3Error NoSuchBucket, PreconditionFailed.
 */
export const commitObject = async (
  request: S3Request,
  context: S3Context,
  { object, reason, alsoChange }: { object: StoredObject; reason: CreatedBy; alsoChange?: () => void },
): Promise<void> => {
  const { bucket, key, headers, id: requestId } = request;
  let replaced: StoredObject | undefined;
  try {
    replaced = inTransaction(context.database, () => {
      existingBucket(context, bucket);
      const current = context.objects.get(bucket, key);
      checkWrite(headers, key, current);
      alsoChange?.();
      context.objects.put(bucket, key, object);
      return current;
    });
  } catch (error) {
    await context.files.remove([object.file]);
    throw error;
  }
  context.announce({ detailType: 'Object Created', reason, bucket, key, requestId, object });
  if (replaced) await context.files.remove([replaced.file]);
};

const putObject = async (request: S3Request, context: S3Context): Promise<Reply> => {
  existingBucket(context, request.bucket);
  const attributes = attributesOf(request);
  const received = await receiveBody(request, (bytes) => context.files.write(bytes));
  const { result: file, sizeBytes, md5, checksum } = received;
  const object: StoredObject = {
    ...attributes,
    file,
    sizeBytes,
    checksum,
    etag: md5.toString('hex'),
    modifiedMs: nowInSeconds(),
  };
  await commitObject(request, context, { object, reason: 'PutObject' });
  return {
    headers: { etag: `"${object.etag}"`, ...encryptionHeaders(object.headers), ...checksumReply(checksum) },
  };
};

const checksumReply = (checksum: Checksum | undefined): Record<string, string> =>
  checksum ? { [checksumHeader(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type } : {};

const copyObject = async (request: S3Request, context: S3Context): Promise<Reply> => {
  const { bucket, key, headers } = request;
  existingBucket(context, bucket);
  const from = copySource(request, context);
  const source = existingObject(context, from.bucket, from.key);
  checkCopySource(headers, source);
  if (source.sizeBytes > MAX_PUT_BYTES) {
    throw new S3Error('InvalidRequest', {
      message: `The specified copy source is larger than the maximum allowable size for a copy source: ${MAX_PUT_BYTES}`,
    });
  }
  const attributes = copiedAttributes(request, source, from.bucket === bucket && from.key === key);
  const object: StoredObject = {
    ...source,
    ...attributes,
    file: context.files.link(source.file),
    etag: source.etag,
    modifiedMs: nowInSeconds(),
  };
  await commitObject(request, context, { object, reason: 'CopyObject' });
  const { etag, modifiedMs, checksum } = object;
  return {
    headers: encryptionHeaders(object.headers),
    body: xmlDocument('CopyObjectResult', {
      LastModified: new Date(modifiedMs).toISOString(),
      ETag: `"${etag}"`,
      ...(checksum && { [checksumElement(checksum.algorithm)]: checksum.value, ChecksumType: checksum.type }),
    }),
  };
};

/** `bucket/key` or `/bucket/key`, percent-encoded; a version may follow a literal question mark. */
const copySource = ({ headers }: S3Request, { account }: S3Context): { bucket: string; key: string } => {
  const header = headers['x-amz-copy-source'] ?? '';
  const [, bucket, key, version] = /^\/?([^/?]+)\/([^?]+)(\?.*)?$/.exec(header) ?? [];
  if (bucket === undefined || key === undefined) {
    throw new S3Error('InvalidArgument', {
      message: 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
      details: { ArgumentName: 'x-amz-copy-source', ArgumentValue: header },
    });
  }
  if (version !== undefined) {
    throw new S3Error('NotImplemented', {
      message: 'Versions are not implemented: x-amz-copy-source may not name one.',
      details: { Header: 'x-amz-copy-source' },
    });
  }
  const owner = headers['x-amz-source-expected-bucket-owner'];
  if (owner !== undefined && owner !== account.accountId) throw new S3Error('AccessDenied');
  return { bucket: decode(bucket), key: decode(key) };
};

/** Metadata and tags come from the source unless their directive says REPLACE; encryption never does. */
const copiedAttributes = (request: S3Request, source: StoredObject, ontoItself: boolean): ObjectAttributes => {
  const { headers } = request;
  const asked = attributesOf(request);
  const replacesMetadata = directive(headers, 'x-amz-metadata-directive') === 'REPLACE';
  const replacesTags = directive(headers, 'x-amz-tagging-directive') === 'REPLACE';
  const changesStorage = headers['x-amz-storage-class'] !== undefined || headers[SSE] !== undefined;
  if (ontoItself && !replacesMetadata && !changesStorage) {
    throw new S3Error('InvalidRequest', {
      message:
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    });
  }
  return {
    headers: replacesMetadata ? asked.headers : { ...descriptive(source.headers), ...storageOnly(asked.headers) },
    tags: replacesTags ? asked.tags : source.tags,
  };
};

const SSE = 'x-amz-server-side-encryption';

const directive = (headers: S3Request['headers'], name: string): string => {
  const value = headers[name] ?? 'COPY';
  if (value !== 'COPY' && value !== 'REPLACE') {
    throw new S3Error('InvalidArgument', {
      message: `Unknown ${name === 'x-amz-metadata-directive' ? 'metadata' : 'tagging'} directive.`,
      details: { ArgumentName: name, ArgumentValue: value },
    });
  }
  return value;
};

const isStorageHeader = (name: string): boolean => name.startsWith(SSE) || name === 'x-amz-storage-class';
const descriptive = (headers: StoredObject['headers']) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !isStorageHeader(name)));
const storageOnly = (headers: StoredObject['headers']) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => isStorageHeader(name)));

/** PutObject and CopyObject. */
export const WRITE_OPERATIONS: readonly Operation[] = [
  {
    name: 'PutObject',
    method: 'PUT',
    target: 'object',
    headers: [...BODY_HEADERS, ...ATTRIBUTE_HEADERS],
    answer: putObject,
  },
  {
    name: 'CopyObject',
    method: 'PUT',
    target: 'object',
    selectHeader: 'x-amz-copy-source',
    headers: [
      ...ATTRIBUTE_HEADERS,
      'x-amz-copy-source',
      'x-amz-copy-source-if-*',
      'x-amz-metadata-directive',
      'x-amz-source-expected-bucket-owner',
      'x-amz-tagging-directive',
    ],
    answer: copyObject,
  },
];
