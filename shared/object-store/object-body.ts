import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ObjectReadError, PipelineError } from '#shared/errors.ts';

export interface BodyLimits {
  /** How long the next bytes may take. */
  readonly idleMs: number;
  /** Before each further try; more tries than these without a byte are too many. */
  readonly pausesMs: readonly number[];
}

export const BODY_LIMITS: BodyLimits = { idleMs: 30_000, pausesMs: [200, 1_000, 3_000] };

/**
 * An object's bytes from one connection after another: where one breaks off or falls silent, the next goes on at that byte of
 * the same version. Nothing waits for a slow reader but the reader itself.
 *
 * @param open The bytes from a position on. Throws ObjectChangedError when the object is another one by now.
 * @throws ObjectReadError on the stream when no further try brings a byte.
 */
export const objectBody = (
  uri: string,
  first: Readable,
  open: (position: number) => Promise<Readable>,
  limits: BodyLimits = BODY_LIMITS,
): Readable => Readable.from(bytesOf(uri, first, open, limits), { objectMode: false });

async function* bytesOf(
  uri: string,
  first: Readable,
  open: (position: number) => Promise<Readable>,
  { idleMs, pausesMs }: BodyLimits,
): AsyncGenerator<Buffer> {
  let position = 0;
  let failures = 0;
  let body: Readable | undefined = first;
  for (;;) {
    try {
      body ??= await open(position);
      for await (const chunk of promptChunks(body, idleMs)) {
        position += chunk.length;
        failures = 0;
        yield chunk;
      }
      return;
    } catch (error) {
      // An error of our own is final, and a checksum that is wrong at the end stays wrong.
      if (error instanceof PipelineError) throw error;
      const pause = /checksum/i.test((error as Error).message) ? undefined : pausesMs[failures];
      if (pause === undefined) throw unread(uri, position, error as Error);
      failures += 1;
      await sleep(pause);
    } finally {
      body?.destroy();
      body = undefined;
    }
  }
}

/** A stream's chunks, each of which must come in time; the time that the reader takes between them doesn't count. */
async function* promptChunks(body: Readable, idleMs: number): AsyncGenerator<Buffer> {
  const chunks = body[Symbol.asyncIterator]();
  for (;;) {
    const silence = setTimeout(() => body.destroy(new Error(`No byte came for ${idleMs / 1000} s.`)), idleMs);
    const { done, value } = await chunks.next().finally(() => clearTimeout(silence));
    if (done) return;
    yield value as Buffer;
  }
}

const unread = (uri: string, position: number, cause: Error): ObjectReadError =>
  new ObjectReadError(`Reading ${uri} broke off after ${position} bytes, again and again: ${cause.message}`, { cause });
