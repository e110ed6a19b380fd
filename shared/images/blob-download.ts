import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ImageMismatchError, RegistryUnavailableError } from '#shared/errors.ts';
import type { BlobDescriptor } from './digest.ts';
import { isPassing, pauseMs, type RegistryHttp } from './registry-http.ts';
import { readRefusal, refusal } from './response-text.ts';

/** Breaks in a row, without a byte between them, after which a download is given up. */
const MAX_BREAKS = 4;

/**
 * A blob's bytes, each once: after a broken connection the rest is asked for.
 *
 * @throws ImageMismatchError instead of the end, when the bytes are not those of the digest.
 */
export async function* readBlob(
  http: RegistryHttp,
  repository: string,
  { digest, sizeBytes }: BlobDescriptor,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let offset = 0;
  let breaks = 0;
  do {
    try {
      for await (const chunk of bytesFrom(http, repository, digest, offset)) {
        offset += chunk.length;
        breaks = 0;
        if (offset > sizeBytes)
          throw mismatch(repository, digest, `has more than the ${sizeBytes} bytes of its manifest`);
        hash.update(chunk);
        yield chunk;
      }
      if (offset < sizeBytes) throw new RegistryUnavailableError('The connection ended early.');
    } catch (error) {
      breaks += 1;
      if (!isPassing(error)) throw error;
      if (breaks === MAX_BREAKS) throw broken(repository, digest, offset, error);
      await sleep(pauseMs(breaks));
    }
  } while (offset < sizeBytes);
  const actual = `sha256:${hash.digest('hex')}`;
  if (actual !== digest) throw mismatch(repository, digest, `has the digest ${actual}`);
}

async function* bytesFrom(
  http: RegistryHttp,
  repository: string,
  digest: string,
  offset: number,
): AsyncGenerator<Buffer> {
  const response = await http.send({
    method: 'GET',
    path: `/v2/${repository}/blobs/${digest}`,
    headers: offset > 0 ? { range: `bytes=${offset}-` } : {},
  });
  if (response.statusCode !== 200 && response.statusCode !== 206) {
    throw refusal(`Reading the blob ${digest} of ${repository}`, await readRefusal(response));
  }
  yield* withoutFirst(response, response.statusCode === 206 ? 0 : offset);
}

/** Drops what was read before, where a server takes no Range. */
async function* withoutFirst(response: IncomingMessage, byteCount: number): AsyncGenerator<Buffer> {
  let toDrop = byteCount;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    const rest = chunk.subarray(Math.min(toDrop, chunk.length));
    toDrop -= chunk.length - rest.length;
    if (rest.length > 0) yield rest;
  }
}

const mismatch = (repository: string, digest: string, problem: string): ImageMismatchError =>
  new ImageMismatchError(`The blob ${digest} of ${repository} ${problem}. It was damaged or replaced on its way.`);

const broken = (repository: string, digest: string, offset: number, cause: unknown): RegistryUnavailableError =>
  new RegistryUnavailableError(
    `Reading the blob ${digest} of ${repository} broke off ${MAX_BREAKS} times at byte ${offset}: ${(cause as Error).message}`,
    { cause },
  );
