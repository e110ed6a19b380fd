import { z } from 'zod';
import { Digest } from '#shared/images/digest.ts';
import { RunUri } from '#shared/pipeline/run.ts';
import { uriIn } from '#shared/store/uri.ts';

export const CommitImageInput = z.strictObject({
  runUri: RunUri,
  modelRecordUri: uriIn('models'),
  /** As PlanImage found it, by digest. */
  baseImageUri: z.string(),
  /** What CopyLayer answered, one a layer. */
  copiedLayers: z.array(z.strictObject({ digest: Digest, bytesPushed: z.int().nonnegative() })),
});
export type CommitImageInput = z.infer<typeof CommitImageInput>;

export const CommitImageOutput = z.strictObject({
  /** `registry/repository@digest`, which a cluster pulls. */
  imageUri: z.string(),
  digest: Digest,
  tag: z.string(),
  /** What this deployment sent to the registry, the base image's layers included. */
  bytesPushed: z.int().nonnegative(),
});
export type CommitImageOutput = z.infer<typeof CommitImageOutput>;
