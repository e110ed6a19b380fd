import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';
import { isOnePlace, modelPlace } from '#shared/predictions/model-place.ts';
import { uriIn } from '#shared/store/uri.ts';

/** A line of PlanScoring's plan. */
export const ScorePartInput = z
  .strictObject({
    runUri: RunUri,
    ...modelPlace,
    part: z.int().nonnegative(),
    uri: uriIn('staged'),
  })
  .refine(isOnePlace, 'needs endpointName or url');
export type ScorePartInput = z.infer<typeof ScorePartInput>;

export const ScorePartOutput = z.strictObject({ part: z.int().nonnegative(), rowCount: z.int().nonnegative() });
export type ScorePartOutput = z.infer<typeof ScorePartOutput>;
