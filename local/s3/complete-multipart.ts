import { createHash } from 'node:crypto';
import { encryptionHeaders } from './attributes.ts';
import { BODY_HEADERS, receiveText } from './body.ts';
import type { Checksum, ChecksumAlgorithm } from './checksum.ts';
import { checksumElement, checksumElements, checksumHeader } from './checksum.ts';
import { commitObject } from './commit-object.ts';
import { joinParts } from './join-parts.ts';
import { existingUpload } from './multipart.ts';
import type { Operation } from './operation.ts';
import type { S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';
import type { StoredObject } from './stored-object.ts';
import { nowInSeconds } from './stored-object.ts';
import type { MultipartUpload, Part } from './upload-index.ts';
import type { XmlElement } from './xml.ts';
import { childrenNamed, childText, parseXml, xmlDocument } from './xml.ts';

/** Joins the parts of an upload into one data file and makes it the object. */
export const completeMultipartUpload: Operation = {
  name: 'CompleteMultipartUpload',
  method: 'POST',
  target: 'object',
  select: ['uploadId'],
  headers: [...BODY_HEADERS, 'x-amz-mp-object-size'],
  async answer(request, context) {
    const upload = existingUpload(request, context);
    const { uploadId } = upload;
    const document = parseXml(await receiveText(withoutObjectChecksum(request)), 'CompleteMultipartUpload');
    const parts = listedParts(childrenNamed(document, 'Part'), context.uploads.parts(uploadId), upload);
    const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
    checkSize(sizeBytes, request.headers['x-amz-mp-object-size']);
    const { file, checksum } = await joinParts(context.files, parts, upload);
    const { headers, tags } = upload;
    const object: StoredObject = {
      file,
      sizeBytes,
      etag: multipartEtag(parts),
      modifiedMs: nowInSeconds(),
      headers,
      checksum,
      tags,
    };
    let joinedFiles: string[] = [];
    await commitObject(request, context, {
      object,
      reason: 'CompleteMultipartUpload',
      alsoChange: () => {
        // Another request may have completed or aborted the upload while its parts were joined.
        existingUpload(request, context);
        checkObjectChecksum(request, checksum);
        joinedFiles = context.uploads.parts(uploadId).map((part) => part.file);
        context.uploads.delete(uploadId);
      },
    });
    await context.files.remove(joinedFiles);
    return {
      headers: encryptionHeaders(headers),
      body: xmlDocument('CompleteMultipartUploadResult', {
        Location: `http://${request.headers.host}${request.resource}`,
        Bucket: request.bucket,
        Key: request.key,
        ETag: `"${object.etag}"`,
        ...checksumElements(checksum),
      }),
    };
  },
};

/** A checksum header of this operation is the object's, not that of the XML in the body. */
const withoutObjectChecksum = (request: S3Request): S3Request => ({
  ...request,
  headers: Object.fromEntries(Object.entries(request.headers).filter(([name]) => !name.startsWith('x-amz-checksum-'))),
});

/** Least size of every part but the last: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MIN_PART_BYTES = 5 * 1024 ** 2;

const listedParts = (
  entries: readonly XmlElement[],
  stored: readonly Part[],
  { checksumAlgorithm, checksumType }: MultipartUpload,
): Part[] => {
  if (entries.length === 0) throw new S3Error('MalformedXML');
  const byNumber = new Map(stored.map((part) => [part.partNumber, part]));
  const parts = entries.map((entry, index) => {
    const partNumber = Number(childText(entry, 'PartNumber'));
    if (index > 0 && partNumber <= Number(childText(entries[index - 1]!, 'PartNumber'))) {
      throw new S3Error('InvalidPartOrder');
    }
    const part = byNumber.get(partNumber);
    const etag = childText(entry, 'ETag')?.replaceAll('"', '');
    if (!part || part.etag !== etag) {
      throw new S3Error('InvalidPart', { details: { PartNumber: String(partNumber), ETag: etag ?? '' } });
    }
    if (checksumAlgorithm) {
      checkPartChecksum(entry, part, checksumAlgorithm, checksumType === 'COMPOSITE');
    }
    return part;
  });
  const small = parts.slice(0, -1).find((part) => part.sizeBytes < MIN_PART_BYTES);
  if (small) {
    const { sizeBytes, partNumber, etag } = small;
    throw new S3Error('EntityTooSmall', {
      details: {
        ProposedSize: String(sizeBytes),
        MinSizeAllowed: String(MIN_PART_BYTES),
        PartNumber: String(partNumber),
        ETag: etag,
      },
    });
  }
  return parts;
};

const checkPartChecksum = (
  entry: XmlElement,
  { partNumber, checksum }: Part,
  algorithm: ChecksumAlgorithm,
  isRequired: boolean,
): void => {
  const listed = childText(entry, checksumElement(algorithm));
  if (listed === undefined && isRequired) {
    throw new S3Error('InvalidRequest', {
      message: `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${partNumber} in the request.`,
    });
  }
  if (listed !== undefined && listed !== checksum?.value) {
    throw new S3Error('InvalidPart', { details: { PartNumber: String(partNumber) } });
  }
};

const checkSize = (sizeBytes: number, announced: string | undefined): void => {
  if (announced === undefined || Number(announced) === sizeBytes) return;
  throw new S3Error('InvalidRequest', {
    message: `The provided 'x-amz-mp-object-size' header value ${announced} does not match what was computed: ${sizeBytes}`,
  });
};

const multipartEtag = (parts: readonly Part[]): string => {
  const md5 = createHash('md5');
  for (const { etag } of parts) md5.update(etag, 'hex');
  return `${md5.digest('hex')}-${parts.length}`;
};

/** What the request says about the object's checksum must be what the upload has. */
const checkObjectChecksum = ({ headers }: S3Request, checksum: Checksum | undefined): void => {
  const valueHeader = checksum && checksumHeader(checksum.algorithm);
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith('x-amz-checksum-')) continue;
    if (name === 'x-amz-checksum-type' ? value === checksum?.type : name === valueHeader && value === checksum?.value) {
      continue;
    }
    if (name !== valueHeader) {
      throw new S3Error('InvalidRequest', { message: `The upload was not created with ${name}: ${value}.` });
    }
    throw new S3Error('BadDigest', {
      message: `The ${checksum?.algorithm} you specified did not match the calculated checksum.`,
    });
  }
};
