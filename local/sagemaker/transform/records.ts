import type { Readable } from 'node:stream';

/** A record, or a batch of them, is larger than one request may be. */
export class PayloadTooLargeError extends Error {
  override readonly name = 'PayloadTooLargeError';
}

/** Splits a stream after each line feed, which stays with its line. Quoted line ends are not respected, as in SageMaker. */
export async function* lines(input: Readable, maxBytes: number): AsyncIterable<Buffer> {
  let pieces: Buffer[] = [];
  let size = 0;
  for await (const chunk of input as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const piece = chunk.subarray(start, end + 1);
      yield pieces.length === 0 ? piece : Buffer.concat([...pieces, piece]);
      pieces = [];
      size = 0;
      start = end + 1;
    }
    if (start === chunk.length) continue;
    pieces.push(chunk.subarray(start));
    size += chunk.length - start;
    if (size > maxBytes)
      throw new PayloadTooLargeError(`A record is larger than ${maxBytes} bytes, the limit of MaxPayloadInMB.`);
  }
  if (size > 0) yield Buffer.concat(pieces);
}

/** A whole object as the only record. */
export async function* wholeObject(input: Readable, maxBytes: number): AsyncIterable<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes)
      throw new PayloadTooLargeError(`The object is larger than ${maxBytes} bytes, the limit of MaxPayloadInMB.`);
    chunks.push(chunk);
  }
  yield Buffer.concat(chunks);
}

/** Records that go into one request, and what is sent for each. */
export interface Batch {
  readonly records: readonly Buffer[];
  readonly payloads: readonly Buffer[];
}

/** Groups records: one a request (SingleRecord), or as many as fit (MultiRecord). */
export async function* batches(
  records: AsyncIterable<Buffer>,
  payloadOf: (record: Buffer) => Buffer,
  { strategy, maxBytes }: { readonly strategy: 'MultiRecord' | 'SingleRecord'; readonly maxBytes: number },
): AsyncIterable<Batch> {
  let batch: { records: Buffer[]; payloads: Buffer[] } = { records: [], payloads: [] };
  let size = 0;
  for await (const record of records) {
    const payload = payloadOf(record);
    if (payload.length > maxBytes)
      throw new PayloadTooLargeError(`A record is larger than ${maxBytes} bytes, the limit of MaxPayloadInMB.`);
    const isFull = strategy === 'SingleRecord' || size + payload.length > maxBytes;
    if (batch.records.length > 0 && isFull) {
      yield batch;
      batch = { records: [], payloads: [] };
      size = 0;
    }
    batch.records.push(record);
    batch.payloads.push(payload);
    size += payload.length;
  }
  if (batch.records.length > 0) yield batch;
}
