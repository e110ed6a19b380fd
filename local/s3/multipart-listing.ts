import { existingBucket } from './buckets.ts';
import { checksumElement } from './checksum.ts';
import { countParameter, keyEncoding } from './listing.ts';
import { existingUpload } from './multipart.ts';
import type { Operation } from './operation.ts';
import { S3Error } from './s3-error.ts';
import type { MultipartUpload } from './upload-index.ts';
import { xmlDocument } from './xml.ts';

/** ListParts and ListMultipartUploads. */
export const MULTIPART_LIST_OPERATIONS: readonly Operation[] = [
  {
    name: 'ListParts',
    method: 'GET',
    target: 'object',
    select: ['uploadId'],
    query: ['max-parts', 'part-number-marker'],
    answer(request, context) {
      const { uploadId, bucket, key, checksumAlgorithm, checksumType, headers } = existingUpload(request, context);
      const { query } = request;
      const marker = partNumberMarker(query);
      const maxParts = countParameter(query, 'max-parts');
      const rest = context.uploads.parts(uploadId).filter((part) => part.partNumber > marker);
      const page = rest.slice(0, maxParts);
      const owner = { ID: context.account.accountId };
      return {
        body: xmlDocument('ListPartsResult', {
          Bucket: bucket,
          Key: key,
          UploadId: uploadId,
          Initiator: owner,
          Owner: owner,
          StorageClass: headers['x-amz-storage-class'] ?? 'STANDARD',
          ChecksumAlgorithm: checksumAlgorithm,
          ChecksumType: checksumType,
          PartNumberMarker: marker,
          NextPartNumberMarker: page.at(-1)?.partNumber ?? 0,
          MaxParts: maxParts,
          IsTruncated: page.length < rest.length,
          Part: page.map(({ partNumber, modifiedMs, etag, sizeBytes, checksum }) => ({
            PartNumber: partNumber,
            LastModified: new Date(modifiedMs).toISOString(),
            ETag: `"${etag}"`,
            Size: sizeBytes,
            ...(checksum && { [checksumElement(checksum.algorithm)]: checksum.value }),
          })),
        }),
      };
    },
  },
  {
    name: 'ListMultipartUploads',
    method: 'GET',
    target: 'bucket',
    select: ['uploads'],
    query: ['prefix', 'key-marker', 'upload-id-marker', 'max-uploads', 'encoding-type'],
    answer(request, context) {
      const { bucket, query } = request;
      existingBucket(context, bucket);
      const prefix = query.get('prefix') ?? '';
      const keyMarker = query.get('key-marker') ?? '';
      // Without a key S3 ignores the id; without an id all uploads of the marker's key are behind the reader.
      const uploadIdMarker = keyMarker === '' ? '' : (query.get('upload-id-marker') ?? PAST_EVERY_ID);
      const maxUploads = countParameter(query, 'max-uploads');
      const encode = keyEncoding(query);
      const page: MultipartUpload[] = [];
      let isTruncated = false;
      for (const upload of context.uploads.list(bucket, { key: keyMarker, uploadId: uploadIdMarker })) {
        if (!upload.key.startsWith(prefix)) continue;
        isTruncated = page.length === maxUploads;
        if (isTruncated) break;
        page.push(upload);
      }
      const last = page.at(-1);
      const owner = { ID: context.account.accountId };
      return {
        body: xmlDocument('ListMultipartUploadsResult', {
          Bucket: bucket,
          KeyMarker: encode(keyMarker),
          UploadIdMarker: query.get('upload-id-marker') ?? '',
          NextKeyMarker: isTruncated && last ? encode(last.key) : undefined,
          NextUploadIdMarker: isTruncated ? last?.uploadId : undefined,
          Prefix: prefix && encode(prefix),
          EncodingType: query.get('encoding-type'),
          MaxUploads: maxUploads,
          IsTruncated: isTruncated,
          Upload: page.map((upload) => ({
            Key: encode(upload.key),
            UploadId: upload.uploadId,
            Initiator: owner,
            Owner: owner,
            StorageClass: upload.headers['x-amz-storage-class'] ?? 'STANDARD',
            Initiated: new Date(upload.initiatedMs).toISOString(),
            ChecksumAlgorithm: upload.checksumAlgorithm,
            ChecksumType: upload.checksumType,
          })),
        }),
      };
    },
  },
];

const partNumberMarker = (query: ReadonlyMap<string, string>): number => {
  const marker = query.get('part-number-marker') ?? '0';
  if (/^\d{1,9}$/.test(marker)) return Number(marker);
  throw new S3Error('InvalidArgument', {
    message: 'Argument part-number-marker must be an integer between 0 and 2147483647',
    details: { ArgumentName: 'part-number-marker', ArgumentValue: marker },
  });
};

/** Sorts behind every upload id, which is base64url. */
const PAST_EVERY_ID = '~';
