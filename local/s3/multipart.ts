import { randomBytes } from 'node:crypto';
import { ATTRIBUTE_HEADERS, attributesOf, encryptionHeaders } from './attributes.ts';
import { BODY_HEADERS, MAX_PUT_BYTES, receiveBody } from './body.ts';
import { existingBucket } from './buckets.ts';
import type { ChecksumAlgorithm, ChecksumType } from './checksum.ts';
import { checksumHeader, isChecksumAlgorithm } from './checksum.ts';
import { inTransaction } from './database.ts';
import type { Operation, S3Context } from './operation.ts';
import type { S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';
import { nowInSeconds } from './stored-object.ts';
import type { MultipartUpload, Part } from './upload-index.ts';
import { xmlDocument } from './xml.ts';

/** CreateMultipartUpload, UploadPart and AbortMultipartUpload. */
export const MULTIPART_OPERATIONS: readonly Operation[] = [
  {
    name: 'CreateMultipartUpload',
    method: 'POST',
    target: 'object',
    select: ['uploads'],
    headers: [...ATTRIBUTE_HEADERS, 'x-amz-checksum-algorithm', 'x-amz-checksum-type'],
    answer(request, context) {
      const { bucket, key, headers } = request;
      existingBucket(context, bucket);
      const attributes = attributesOf(request);
      const checksumAlgorithm = requestedAlgorithm(headers);
      const checksumType = requestedType(headers, checksumAlgorithm);
      const uploadId = randomBytes(32).toString('base64url');
      context.uploads.create({ ...attributes, uploadId, bucket, key, checksumAlgorithm, checksumType });
      return {
        headers: {
          ...encryptionHeaders(attributes.headers),
          ...(checksumAlgorithm && { 'x-amz-checksum-algorithm': checksumAlgorithm }),
          ...(checksumType && { 'x-amz-checksum-type': checksumType }),
        },
        body: xmlDocument('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: uploadId }),
      };
    },
  },
  {
    name: 'UploadPart',
    method: 'PUT',
    target: 'object',
    select: ['uploadId', 'partNumber'],
    headers: BODY_HEADERS,
    async answer(request, context) {
      const upload = existingUpload(request, context);
      const partNumber = Number(request.query.get('partNumber'));
      if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > MAX_PART_NUMBER) {
        throw new S3Error('InvalidArgument', {
          message: `Part number must be an integer between 1 and ${MAX_PART_NUMBER}, inclusive`,
          details: { ArgumentName: 'partNumber', ArgumentValue: request.query.get('partNumber') ?? '' },
        });
      }
      const received = await receiveBody(request, (bytes) => context.files.write(bytes), {
        maxBytes: MAX_PUT_BYTES,
        algorithm: upload.checksumAlgorithm,
      });
      const { result: file, sizeBytes, md5, checksum } = received;
      const etag = md5.toString('hex');
      const part: Part = { partNumber, file, sizeBytes, etag, checksum, modifiedMs: nowInSeconds() };
      const replaced = await commitPart(request, context, part);
      if (replaced) await context.files.remove([replaced.file]);
      return {
        headers: {
          etag: `"${etag}"`,
          ...encryptionHeaders(upload.headers),
          ...(checksum && { [checksumHeader(checksum.algorithm)]: checksum.value }),
        },
      };
    },
  },
  {
    name: 'AbortMultipartUpload',
    method: 'DELETE',
    target: 'object',
    select: ['uploadId'],
    async answer(request, context) {
      const { uploadId } = existingUpload(request, context);
      const parts = context.uploads.parts(uploadId);
      inTransaction(context.database, () => context.uploads.delete(uploadId));
      await context.files.remove(parts.map(({ file }) => file));
      return { statusCode: 204 };
    },
  },
];

/** @throws S3Error NoSuchBucket or NoSuchUpload. */
export const existingUpload = ({ bucket, key, query }: S3Request, context: S3Context): MultipartUpload => {
  existingBucket(context, bucket);
  const uploadId = query.get('uploadId') ?? '';
  const upload = context.uploads.get(uploadId);
  if (upload?.bucket !== bucket || upload.key !== key) {
    throw new S3Error('NoSuchUpload', { details: { UploadId: uploadId } });
  }
  return upload;
};

const requestedAlgorithm = (headers: S3Request['headers']): ChecksumAlgorithm | undefined => {
  const name = headers['x-amz-checksum-algorithm'];
  if (name === undefined || isChecksumAlgorithm(name)) return name;
  throw new S3Error('NotImplemented', {
    message: `The checksum algorithm ${name} is not implemented. Use CRC32, CRC32C, SHA1 or SHA256.`,
    details: { Header: 'x-amz-checksum-algorithm' },
  });
};

/** A hash of the whole object can't be made of its parts' hashes, and S3 doesn't read the parts again. */
const requestedType = (
  headers: S3Request['headers'],
  algorithm: ChecksumAlgorithm | undefined,
): ChecksumType | undefined => {
  const type = headers['x-amz-checksum-type'];
  if (type === undefined) return algorithm && 'COMPOSITE';
  const possible = algorithm?.startsWith('CRC') ? ['COMPOSITE', 'FULL_OBJECT'] : algorithm ? ['COMPOSITE'] : [];
  if (possible.includes(type)) return type as ChecksumType;
  throw new S3Error('InvalidRequest', {
    message: `The ${type} checksum type cannot be used with the ${algorithm?.toLowerCase() ?? 'missing'} checksum algorithm.`,
  });
};

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MAX_PART_NUMBER = 10_000;

/** The upload may have ended while the part was on its way. */
const commitPart = async (request: S3Request, context: S3Context, part: Part): Promise<Part | undefined> => {
  try {
    const { uploadId, checksumAlgorithm } = existingUpload(request, context);
    const actual = part.checksum?.algorithm;
    if (checksumAlgorithm && actual !== checksumAlgorithm) {
      throw new S3Error('InvalidRequest', {
        message: `Checksum Type mismatch occurred, expected checksum Type: ${checksumAlgorithm.toLowerCase()}, actual checksum Type: ${actual?.toLowerCase()}`,
      });
    }
    const replaced = context.uploads.part(uploadId, part.partNumber);
    context.uploads.putPart(uploadId, part);
    return replaced;
  } catch (error) {
    await context.files.remove([part.file]);
    throw error;
  }
};
