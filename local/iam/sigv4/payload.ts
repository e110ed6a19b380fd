import { SignatureError } from '../errors.ts';
import type { ChunkVerifier, SignedPayload } from '../iam.ts';
import { wordsOf } from './words.ts';

/** What `x-amz-content-sha256` says of the body; only S3 takes bodies without a digest. @throws SignatureError unsupported */
export const signedPayload = (service: string, declared: string, verifier: () => ChunkVerifier): SignedPayload => {
  if (/^[0-9a-f]{64}$/.test(declared)) return { type: 'sha256', sha256: declared };
  switch (service === 's3' ? declared : undefined) {
    case 'UNSIGNED-PAYLOAD':
      return { type: 'unsigned' };
    case 'STREAMING-UNSIGNED-PAYLOAD-TRAILER':
      return { type: 'unsigned-chunks' };
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD':
      return { type: 'signed-chunks', hasTrailer: false, verifier: verifier() };
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER':
      return { type: 'signed-chunks', hasTrailer: true, verifier: verifier() };
    default:
      throw new SignatureError(
        'unsupported',
        service !== 's3'
          ? 'x-amz-content-sha256 must be the SHA-256 of the body.'
          : 'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.',
      );
  }
};

/** @throws SignatureError payload, for a body other than the one that was signed. */
export const checkBody = (service: string, declared: string, actual: string): void => {
  if (declared === actual) return;
  throw new SignatureError('payload', wordsOf(service).payload, {
    details: { ClientComputedContentSHA256: declared, S3ComputedContentSHA256: actual },
  });
};
