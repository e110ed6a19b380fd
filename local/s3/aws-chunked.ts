import { createHash, type Hash } from 'node:crypto';
import type { ChunkVerifier, SignedPayload } from '#local/iam/iam.ts';
import { S3Error } from './s3-error.ts';

/**
 * Takes the `aws-chunked` framing off a body: `<hex size>[;chunk-signature=…]\r\n<bytes>\r\n` until a chunk of size 0,
 * then trailers. Yields the bytes without copying them and fills `trailers` (names in lower case). Where chunks are signed,
 * each signature is verified once its chunk has passed, and the last one before the end.
 *
 * @throws S3Error IncompleteBody when the framing is broken or the body ends inside it; SignatureError
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  trailers: Map<string, string>,
  payload: SignedPayload,
): AsyncGenerator<Buffer> {
  const signatures =
    payload.type === 'signed-chunks' ? chunkSignatures(payload.verifier, payload.hasTrailer) : undefined;
  let state: 'size' | 'data' | 'dataEnd' | 'trailer' | 'done' = 'size';
  let remainingBytes = 0;
  let line = '';
  for await (const chunk of source) {
    let offset = 0;
    while (offset < chunk.length) {
      if (state === 'data') {
        const end = Math.min(chunk.length, offset + remainingBytes);
        const data = chunk.subarray(offset, end);
        signatures?.update(data);
        yield data;
        remainingBytes -= end - offset;
        offset = end;
        if (remainingBytes > 0) continue;
        signatures?.endChunk();
        state = 'dataEnd';
        continue;
      }
      const lineEnd = chunk.indexOf(0x0a, offset);
      line += chunk.toString('latin1', offset, lineEnd < 0 ? chunk.length : lineEnd);
      if (line.length > MAX_LINE_BYTES || state === 'done') throw brokenFraming();
      if (lineEnd < 0) break;
      offset = lineEnd + 1;
      const text = line.endsWith('\r') ? line.slice(0, -1) : line;
      line = '';
      if (state === 'size') {
        remainingBytes = chunkSize(text);
        signatures?.beginChunk(text);
        state = remainingBytes === 0 ? 'trailer' : 'data';
        if (remainingBytes === 0) signatures?.endChunk();
      } else if (state === 'dataEnd') {
        if (text !== '') throw brokenFraming();
        state = 'size';
      } else if (text === '') {
        state = 'done';
      } else {
        const colon = text.indexOf(':');
        if (colon < 1) throw new S3Error('MalformedTrailerError');
        trailers.set(text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim());
      }
    }
  }
  // Some clients leave out the empty line that ends the trailers.
  if (state !== 'done' && !(state === 'trailer' && line === '')) throw brokenFraming();
  signatures?.end(trailers);
}

/** A chunk's head with its signature takes about 90 bytes, a trailer about 120. */
const MAX_LINE_BYTES = 8_192;

const chunkSize = (head: string): number => {
  const [size = ''] = head.split(';', 1);
  if (!/^[0-9a-fA-F]{1,12}$/.test(size)) throw brokenFraming();
  return Number.parseInt(size, 16);
};

const brokenFraming = (): S3Error =>
  new S3Error('IncompleteBody', { message: 'The body does not follow the aws-chunked encoding.' });

const TRAILER_SIGNATURE = 'x-amz-trailer-signature';

/** Follows the signatures of one body; a missing one is as wrong as any other. */
const chunkSignatures = (verifier: ChunkVerifier, hasTrailer: boolean) => {
  let hash: Hash = createHash('sha256');
  let signature = '';
  return {
    beginChunk(head: string): void {
      hash = createHash('sha256');
      signature = /;chunk-signature=([0-9a-f]{64})$/.exec(head)?.[1] ?? '';
    },
    update: (data: Buffer): void => void hash.update(data),
    endChunk: (): void => verifier.verifyChunk(hash.digest('hex'), signature),
    end(trailers: ReadonlyMap<string, string>): void {
      if (!hasTrailer) return;
      const signed = [...trailers].filter(([name]) => name !== TRAILER_SIGNATURE);
      verifier.verifyTrailer(
        signed.map(([name, value]) => `${name}:${value}\n`).join(''),
        trailers.get(TRAILER_SIGNATURE) ?? '',
      );
    },
  };
};
