import { createHash, createHmac } from 'node:crypto';
import { PERSON } from '#test/local/iam/test-iam.ts';

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');

/**
 * A body in signed chunks, as https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html describes it, by what its
 * request's headers say. Each chunk's frame is an element, the last one with the trailer.
 */
export const signedChunks = (
  headers: Readonly<Record<string, string>>,
  chunks: readonly string[],
  trailer?: { readonly name: string; readonly value: string },
): string[] => {
  const [, day, region] = /Credential=[^/]+\/(\d+)\/([^/]+)\//.exec(headers.authorization!)!;
  const scope = `${day}/${region}/s3/aws4_request`;
  const key = [region!, 's3', 'aws4_request'].reduce(hmac, hmac(`AWS4${PERSON.secretAccessKey}`, day!));
  let previous = /Signature=([0-9a-f]{64})/.exec(headers.authorization!)![1]!;
  const next = (algorithm: string, ...content: string[]): string => {
    previous = hmac(key, [algorithm, headers['x-amz-date'], scope, previous, ...content].join('\n')).toString('hex');
    return previous;
  };
  const frames = [...chunks, ''].map((chunk) => {
    const signature = next('AWS4-HMAC-SHA256-PAYLOAD', sha256(''), sha256(chunk));
    return `${chunk.length.toString(16)};chunk-signature=${signature}\r\n${chunk}${chunk && '\r\n'}`;
  });
  const signature = trailer && next('AWS4-HMAC-SHA256-TRAILER', sha256(`${trailer.name}:${trailer.value}\n`));
  const end = trailer ? `${trailer.name}:${trailer.value}\r\nx-amz-trailer-signature:${signature}\r\n\r\n` : '\r\n';
  return [...frames.slice(0, -1), `${frames.at(-1)}${end}`];
};
