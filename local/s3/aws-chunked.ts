import { S3Error } from './s3-error.ts';

/**
 * Takes the `aws-chunked` framing off a body: `<hex size>[;chunk-signature=…]\r\n<bytes>\r\n` until a chunk of size 0,
 * then trailers. Yields the bytes without copying them and fills `trailers` (names in lower case). Signatures of
 * chunks are not checked.
 *
 * @throws S3Error IncompleteBody when the framing is broken or the body ends inside it.
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  let state: 'size' | 'data' | 'dataEnd' | 'trailer' | 'done' = 'size';
  let remainingBytes = 0;
  let line = '';
  for await (const chunk of source) {
    let offset = 0;
    while (offset < chunk.length) {
      if (state === 'data') {
        const end = Math.min(chunk.length, offset + remainingBytes);
        yield chunk.subarray(offset, end);
        remainingBytes -= end - offset;
        offset = end;
        if (remainingBytes === 0) state = 'dataEnd';
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
        state = remainingBytes === 0 ? 'trailer' : 'data';
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
