import { z } from 'zod';
import { Digest } from '#shared/images/digest.ts';
import { RunUri } from '#shared/pipeline/run.ts';
import { uriIn } from '#shared/store/uri.ts';

export const PlanImageInput = z.strictObject({ runUri: RunUri, modelRecordUri: uriIn('models') });
export type PlanImageInput = z.infer<typeof PlanImageInput>;

export const PlanImageOutput = z.strictObject({
  /** The base image by its digest: what is planned now is what is built, wherever the tag points then. */
  baseImageUri: z.string(),
  /** One item of the Map for each layer that the models' repository lacks. */
  layers: z.array(
    z.strictObject({
      runUri: RunUri,
      baseImageUri: z.string(),
      digest: Digest,
      sizeBytes: z.int().nonnegative(),
      mediaType: z.string(),
    }),
  ),
});
export type PlanImageOutput = z.infer<typeof PlanImageOutput>;
