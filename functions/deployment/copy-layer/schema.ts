import { z } from 'zod';
import { Digest } from '#shared/images/digest.ts';
import { RunUri } from '#shared/pipeline/run.ts';

export const CopyLayerInput = z.strictObject({
  runUri: RunUri,
  baseImageUri: z.string(),
  digest: Digest,
  sizeBytes: z.int().nonnegative(),
  mediaType: z.string(),
});
export type CopyLayerInput = z.infer<typeof CopyLayerInput>;

export const CopyLayerOutput = z.strictObject({
  digest: Digest,
  /** 0 when the layer was there, or the registry took it over by itself. */
  bytesPushed: z.int().nonnegative(),
});
export type CopyLayerOutput = z.infer<typeof CopyLayerOutput>;
