import { refuseAcl } from './buckets.ts';
import type { S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';
import type { ObjectAttributes, ObjectHeaders } from './stored-object.ts';
import { parseTagging } from './tagging.ts';

/** The `x-amz-` headers that describe a new object. */
export const ATTRIBUTE_HEADERS: readonly string[] = [
  'x-amz-acl',
  'x-amz-meta-*',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-bucket-key-enabled',
  'x-amz-storage-class',
  'x-amz-tagging',
];

/**
 * Reads what a request says about the object it creates.
 *
 * @throws S3Error MetadataTooLarge, InvalidArgument, InvalidTag, AccessControlListNotSupported.
 */
export const attributesOf = ({ headers }: S3Request): ObjectAttributes => {
  refuseAcl(headers['x-amz-acl']);
  return {
    headers: { ...contentHeaders(headers), ...userMetadata(headers), ...storageHeaders(headers) },
    tags: parseTagging(headers['x-amz-tagging']),
  };
};

type Headers = S3Request['headers'];

const CONTENT_HEADERS = ['cache-control', 'content-disposition', 'content-language', 'expires'];

const contentHeaders = (headers: Headers): ObjectHeaders => {
  const kept: Record<string, string> = { 'content-type': headers['content-type'] || 'binary/octet-stream' };
  for (const name of CONTENT_HEADERS) if (headers[name] !== undefined) kept[name] = headers[name];
  const encodings = (headers['content-encoding'] ?? '').split(',').map((encoding) => encoding.trim());
  const encoding = encodings.filter((name) => name !== '' && name !== 'aws-chunked').join(',');
  if (encoding) kept['content-encoding'] = encoding;
  return kept;
};

/** Names and values together: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html */
const MAX_USER_METADATA_BYTES = 2_048;

const userMetadata = (headers: Headers): ObjectHeaders => {
  const entries = Object.entries(headers).filter(
    (entry): entry is [string, string] => entry[0].startsWith('x-amz-meta-') && entry[1] !== undefined,
  );
  const sizeBytes = entries.reduce((sum, [name, value]) => sum + name.length - 'x-amz-meta-'.length + value.length, 0);
  if (sizeBytes > MAX_USER_METADATA_BYTES) {
    throw new S3Error('MetadataTooLarge', {
      details: { Size: String(sizeBytes), MaxSizeAllowed: String(MAX_USER_METADATA_BYTES) },
    });
  }
  return Object.fromEntries(entries);
};

const ENCRYPTION = 'x-amz-server-side-encryption';
const ENCRYPTIONS: readonly string[] = ['AES256', 'aws:kms', 'aws:kms:dsse'];
const KMS_HEADERS = [`${ENCRYPTION}-aws-kms-key-id`, `${ENCRYPTION}-bucket-key-enabled`];

/** Nothing is encrypted on the laptop; what was asked for is kept and echoed. S3 encrypts with AES256 unasked. */
const storageHeaders = (headers: Headers): ObjectHeaders => {
  const encryption = headers[ENCRYPTION] ?? 'AES256';
  if (!ENCRYPTIONS.includes(encryption)) {
    throw new S3Error('InvalidArgument', {
      message: 'The encryption method specified is not supported',
      details: { ArgumentName: ENCRYPTION, ArgumentValue: encryption },
    });
  }
  const kept: Record<string, string> = { [ENCRYPTION]: encryption };
  for (const name of KMS_HEADERS) {
    if (headers[name] === undefined) continue;
    if (encryption === 'AES256') {
      throw new S3Error('InvalidArgument', {
        message: `${name} goes only with ${ENCRYPTION}: aws:kms.`,
        details: { ArgumentName: name },
      });
    }
    kept[name] = headers[name];
  }
  const storageClass = headers['x-amz-storage-class'] ?? 'STANDARD';
  if (!STORAGE_CLASSES.includes(storageClass)) {
    throw new S3Error('NotImplemented', {
      message: `Storage class ${storageClass} is not implemented. Use one of ${STORAGE_CLASSES.join(', ')}.`,
      details: { Header: 'x-amz-storage-class' },
    });
  }
  if (storageClass !== 'STANDARD') kept['x-amz-storage-class'] = storageClass;
  return kept;
};

/** The classes whose objects can be read at once. */
const STORAGE_CLASSES: readonly string[] = [
  'STANDARD',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
  'REDUCED_REDUNDANCY',
];

/** The stored headers that the answer to a write repeats. */
export const encryptionHeaders = (headers: ObjectHeaders): ObjectHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith(ENCRYPTION)));
