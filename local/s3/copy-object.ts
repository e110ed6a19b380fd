import { ATTRIBUTE_HEADERS, attributesOf, encryptionHeaders } from './attributes.ts';
import { MAX_PUT_BYTES } from './body.ts';
import { existingBucket } from './buckets.ts';
import { checksumElements } from './checksum.ts';
import { commitObject } from './commit-object.ts';
import { checkCopySource } from './conditions.ts';
import { copySourceOf } from './copy-source.ts';
import { existingObject } from './object-reads.ts';
import type { Operation, S3Context } from './operation.ts';
import type { S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';
import type { ObjectAttributes, StoredObject } from './stored-object.ts';
import { nowInSeconds } from './stored-object.ts';
import { xmlDocument } from './xml.ts';

/** Copies without touching the bytes: the copy's data file is the source's under a second name. */
export const copyObject: Operation = {
  name: 'CopyObject',
  method: 'PUT',
  target: 'object',
  selectHeader: 'x-amz-copy-source',
  headers: [
    ...ATTRIBUTE_HEADERS,
    'x-amz-copy-source-if-*',
    'x-amz-metadata-directive',
    'x-amz-source-expected-bucket-owner',
    'x-amz-tagging-directive',
  ],
  async answer(request, context) {
    const { bucket, key, headers } = request;
    existingBucket(context, bucket);
    const from = copySourceOf(request);
    checkSourceOwner(request, context);
    const source = existingObject(request, context, from);
    checkCopySource(headers, source);
    if (source.sizeBytes > MAX_PUT_BYTES) {
      throw new S3Error('InvalidRequest', {
        message: `The specified copy source is larger than the maximum allowable size for a copy source: ${MAX_PUT_BYTES}`,
      });
    }
    const attributes = copiedAttributes(request, source, from.bucket === bucket && from.key === key);
    const file = context.files.link(source.file);
    const object: StoredObject = { ...source, ...attributes, file, modifiedMs: nowInSeconds() };
    await commitObject(request, context, { object, reason: 'CopyObject' });
    return {
      headers: encryptionHeaders(object.headers),
      body: xmlDocument('CopyObjectResult', {
        LastModified: new Date(object.modifiedMs).toISOString(),
        ETag: `"${object.etag}"`,
        ...checksumElements(object.checksum),
      }),
    };
  },
};

const checkSourceOwner = ({ headers }: S3Request, { account }: S3Context): void => {
  const owner = headers['x-amz-source-expected-bucket-owner'];
  if (owner !== undefined && owner !== account.accountId) throw new S3Error('AccessDenied');
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
