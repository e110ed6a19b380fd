import { buffer } from 'node:stream/consumers';
import { decodeAwsChunked } from './aws-chunked.ts';
import type { Checksum, ChecksumAlgorithm, Digest } from './checksum.ts';
import { checksumHeader, createDigest, isChecksumAlgorithm } from './checksum.ts';
import type { S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';

/** Headers that every request with a body may carry. */
export const BODY_HEADERS: readonly string[] = [
  'x-amz-decoded-content-length',
  'x-amz-trailer',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-checksum-*',
];

/** What is known of a body once its last byte has passed. */
export interface ReceivedBody<T> {
  readonly result: T;
  readonly sizeBytes: number;
  readonly md5: Buffer;
  readonly checksum: Checksum | undefined;
}

/**
 * Streams a request's body, without its `aws-chunked` framing, to `consume`. Length, Content-MD5, SHA-256 and checksum
 * (header or trailer) are verified before the stream ends: a body that doesn't fit makes `consume` fail, so that a
 * writer drops what it wrote.
 *
 * @param algorithm checksum to compute when the request brings none.
 * @throws S3Error BadDigest, XAmzContentSHA256Mismatch, IncompleteBody, EntityTooLarge, MissingContentLength …
 */
export const receiveBody = async <T>(
  request: S3Request,
  consume: (bytes: AsyncIterable<Buffer>) => Promise<T>,
  { maxBytes = MAX_PUT_BYTES, algorithm }: { maxBytes?: number; algorithm?: ChecksumAlgorithm | undefined } = {},
): Promise<ReceivedBody<T>> => {
  const { headers, payload } = request;
  const expectedBytes = expectedLength(request);
  if (expectedBytes > maxBytes) throw tooLarge(expectedBytes, maxBytes);
  const trailers = new Map<string, string>();
  const trailerName = headers['x-amz-trailer']?.trim().toLowerCase();
  const checksumAlgorithm = requestedAlgorithm(headers, trailerName) ?? algorithm;
  const md5 = createDigest('MD5');
  const sha256 = payload.type === 'sha256' ? createDigest('SHA256') : undefined;
  const checksum = checksumAlgorithm && createDigest(checksumAlgorithm);
  const digests = [md5, sha256, checksum].filter((digest): digest is Digest => digest !== undefined);
  const bytes = isAwsChunked(request) ? decodeAwsChunked(request.body, trailers, payload) : request.body;
  let received: Omit<ReceivedBody<T>, 'result'> | undefined;

  async function* verified(): AsyncGenerator<Buffer> {
    let sizeBytes = 0;
    for await (const chunk of bytes) {
      sizeBytes += chunk.length;
      if (sizeBytes > expectedBytes) throw new S3Error('IncompleteBody');
      for (const digest of digests) digest.update(chunk);
      yield chunk;
    }
    if (sizeBytes !== expectedBytes) throw new S3Error('IncompleteBody');
    checkAnnounced(trailers, trailerName);
    const computedMd5 = md5.digest();
    verifyMd5(headers['content-md5'], computedMd5);
    if (payload.type === 'sha256') verifySha256(payload.sha256, sha256!.digest().toString('hex'));
    const value = checksum?.digest().toString('base64');
    if (checksumAlgorithm) verifyChecksum(checksumAlgorithm, headers, trailerName, trailers, value);
    received = {
      sizeBytes,
      md5: computedMd5,
      checksum: checksumAlgorithm && value ? { algorithm: checksumAlgorithm, type: 'FULL_OBJECT', value } : undefined,
    };
  }

  const result = await consume(verified());
  if (!received) throw new S3Error('IncompleteBody');
  return { result, ...received };
};

/** Collects a small body, such as an XML document. */
export const receiveText = async (request: S3Request): Promise<string> => {
  const { result } = await receiveBody(request, (bytes) => buffer(bytes), {
    maxBytes: MAX_DOCUMENT_BYTES,
  });
  return result.toString('utf8');
};

/** Largest object of one PUT, and largest part: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const MAX_PUT_BYTES = 5 * 1024 ** 3;

/** 10,000 parts at some 250 bytes in the list that completes an upload. */
const MAX_DOCUMENT_BYTES = 4 * 1024 ** 2;

type Headers = S3Request['headers'];

const isAwsChunked = ({ payload, headers }: S3Request): boolean =>
  payload.type.endsWith('-chunks') || /(^|,)\s*aws-chunked\s*(,|$)/.test(headers['content-encoding'] ?? '');

const expectedLength = (request: S3Request): number => {
  const { headers } = request;
  const length = isAwsChunked(request) ? headers['x-amz-decoded-content-length'] : headers['content-length'];
  if (length === undefined && headers['transfer-encoding'] === undefined && !isAwsChunked(request)) return 0;
  if (length === undefined || !/^\d{1,15}$/.test(length)) throw new S3Error('MissingContentLength');
  return Number(length);
};

const tooLarge = (proposedBytes: number, maxBytes: number): S3Error =>
  new S3Error('EntityTooLarge', {
    details: { ProposedSize: String(proposedBytes), MaxSizeAllowed: String(maxBytes) },
  });

/** The one checksum that a request brings, in a header or in its trailer. */
const requestedAlgorithm = (headers: Headers, trailerName: string | undefined): ChecksumAlgorithm | undefined => {
  const names = Object.keys(headers).filter(
    (name) => name.startsWith(CHECKSUM_PREFIX) && !CHECKSUM_SETTINGS.has(name.slice(CHECKSUM_PREFIX.length)),
  );
  if (trailerName !== undefined) names.push(trailerName);
  if (names.length > 1) {
    throw new S3Error('InvalidRequest', { message: 'Expecting a single x-amz-checksum- header' });
  }
  const [name] = names;
  if (name === undefined) return undefined;
  const algorithm = name.slice(CHECKSUM_PREFIX.length).toUpperCase();
  if (name.startsWith(CHECKSUM_PREFIX) && isChecksumAlgorithm(algorithm)) return algorithm;
  throw new S3Error('NotImplemented', {
    message: `The checksum ${name} is not implemented. Use CRC32, CRC32C, SHA1 or SHA256.`,
    details: { Header: name },
  });
};

const CHECKSUM_PREFIX = 'x-amz-checksum-';
const CHECKSUM_SETTINGS: ReadonlySet<string> = new Set(['algorithm', 'type', 'mode']);

/** A checksum that nobody announced would not be verified. The signature of signed trailers comes along by itself. */
const checkAnnounced = (trailers: ReadonlyMap<string, string>, trailerName: string | undefined): void => {
  const isKnown = (name: string) => name === trailerName || name === 'x-amz-trailer-signature';
  if (![...trailers.keys()].every(isKnown)) throw new S3Error('MalformedTrailerError');
};

const verifySha256 = (signed: string, computed: string): void => {
  if (signed === computed) return;
  throw new S3Error('XAmzContentSHA256Mismatch', {
    details: { ClientComputedContentSHA256: signed, S3ComputedContentSHA256: computed },
  });
};

const verifyMd5 = (header: string | undefined, computed: Buffer): void => {
  if (header === undefined) return;
  if (!/^[A-Za-z0-9+/]{22}==$/.test(header)) throw new S3Error('InvalidDigest');
  if (header !== computed.toString('base64')) throw new S3Error('BadDigest');
};

const verifyChecksum = (
  algorithm: ChecksumAlgorithm,
  headers: Headers,
  trailerName: string | undefined,
  trailers: ReadonlyMap<string, string>,
  computed: string | undefined,
): void => {
  const header = checksumHeader(algorithm);
  const expected = trailerName === undefined ? headers[header] : trailers.get(trailerName);
  if (trailerName !== undefined && expected === undefined) throw new S3Error('MalformedTrailerError');
  if (expected === undefined || expected === computed) return;
  if (Buffer.from(expected, 'base64').length !== Buffer.from(computed ?? '', 'base64').length) {
    throw new S3Error('InvalidRequest', { message: `Value for ${header} header is invalid.` });
  }
  throw new S3Error('BadDigest', { message: `The ${algorithm} you specified did not match the calculated checksum.` });
};
