/** ECR takes parts of 5 to 10 MiB, and 4,200 of them: https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html */
export const PART_SIZE_BYTES = 10 * 1024 * 1024;

/**
 * Cuts a stream of bytes into parts of `PART_SIZE_BYTES` and a rest.
 *
 * Parts take turns in two buffers: a part is valid until the one after the next is asked for, so one can be filled while
 * the other is sent.
 */
export async function* parts(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const buffers = [Buffer.allocUnsafeSlow(PART_SIZE_BYTES), Buffer.allocUnsafeSlow(PART_SIZE_BYTES)] as const;
  let turn = 0;
  let filled = 0;
  for await (const chunk of bytes) {
    for (let taken = 0; taken < chunk.length; ) {
      const copied = chunk.copy(buffers[turn % 2]!, filled, taken);
      filled += copied;
      taken += copied;
      if (filled === PART_SIZE_BYTES) {
        yield buffers[turn % 2]!;
        turn += 1;
        filled = 0;
      }
    }
  }
  if (filled > 0) yield buffers[turn % 2]!.subarray(0, filled);
}

/** Asks for the next item while the present one is worked on: downloading and uploading overlap. */
export async function* oneAhead<T>(items: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = items.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = items.next();
      next.catch(() => {});
      yield value;
    }
  } finally {
    await items.return(undefined).catch(() => {});
  }
}
