import type { IncomingMessage } from 'node:http';

/** A client has stopped sending in the middle of a body. */
export class BodyStalledError extends Error {
  override readonly name = 'BodyStalledError';
}

/** About what S3 gives a connection on which nothing moves. */
const IDLE_MS = 20_000;

/**
 * Streams a body of any size. Leaving the loop early doesn't cut the connection, so that the refusal can be sent.
 *
 * @param idleMs how long the client may send nothing; the time that the reader takes doesn't count.
 * @throws BodyStalledError
 */
export async function* bodyChunks(request: IncomingMessage, idleMs = IDLE_MS): AsyncGenerator<Buffer> {
  const chunks = request.iterator({ destroyOnReturn: false });
  let stall: (() => void) | undefined;
  const timer = setTimeout(() => stall?.(), idleMs);
  // Promise.race with one promise for all chunks would keep every one of them in memory.
  const next = (): Promise<IteratorResult<Buffer>> =>
    new Promise((resolve, reject) => {
      stall = () => reject(new BodyStalledError(`Nothing came for ${idleMs / 1000} seconds.`));
      timer.refresh();
      chunks.next().then(resolve, reject);
    });
  try {
    for (let chunk = await next(); !chunk.done; chunk = await next()) {
      stall = undefined;
      yield chunk.value;
    }
  } finally {
    clearTimeout(timer);
  }
}
