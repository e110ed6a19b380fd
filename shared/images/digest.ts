import { createHash } from 'node:crypto';
import { z } from 'zod';

/** How registries call bytes. Other algorithms than SHA-256 are allowed by the specification and used by nobody. */
export const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits');
export type Digest = z.infer<typeof Digest>;

export const digestOf = (bytes: Uint8Array | string): Digest =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Bytes that a registry keeps: what they are called, and how many there are. */
export interface BlobDescriptor {
  readonly digest: Digest;
  readonly sizeBytes: number;
}
