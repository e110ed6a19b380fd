import { SignatureError } from '../errors.ts';
import type { ChunkVerifier } from '../iam.ts';
import { sha256 } from './canonical-request.ts';
import { equalTexts, sign } from './signing-key.ts';
import { S3_WORDS } from './words.ts';

/** SHA-256 of nothing; it stands for the headers that a chunk doesn't have. */
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/**
 * Follows the chain of signatures of one body; each covers the one before it, the first the request's own.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
export const chunkVerifier = (
  key: Buffer,
  { date, scope, signature }: { readonly date: string; readonly scope: string; readonly signature: string },
): ChunkVerifier => {
  let previous = signature;
  const advance = (algorithm: string, content: readonly string[], given: string): void => {
    const text = [algorithm, date, scope, previous, ...content].join('\n');
    if (!equalTexts(sign(key, text), given)) {
      throw new SignatureError('signature', S3_WORDS.signature, {
        details: { StringToSign: text, SignatureProvided: given },
      });
    }
    previous = given;
  };
  return {
    verifyChunk: (chunkSha256, given) => advance('AWS4-HMAC-SHA256-PAYLOAD', [EMPTY_SHA256, chunkSha256], given),
    verifyTrailer: (trailer, given) => advance('AWS4-HMAC-SHA256-TRAILER', [sha256(trailer)], given),
  };
};
