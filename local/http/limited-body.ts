import type { Readable } from 'node:stream';

/**
 * Collects a body of at most `maxBytes`; undefined as soon as it is longer, by its announced length or by what came. The rest
 * stays unread: a server drops it (`listen`), a client destroys the answer.
 */
export const readLimited = async (body: Readable & Announced, maxBytes: number): Promise<Buffer | undefined> => {
  if (Number(body.headers?.['content-length'] ?? 0) > maxBytes) return undefined;
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  // Leaving the loop early must not cut the connection before the refusal is sent.
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    sizeBytes += (chunk as Buffer).length;
    if (sizeBytes > maxBytes) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
};

/** A message of HTTP, or a stream that announces nothing. */
interface Announced {
  readonly headers?: { readonly 'content-length'?: string | undefined };
}
