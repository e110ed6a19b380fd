import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';
import { isOnePlace, modelPlace } from '#shared/predictions/model-place.ts';

export const SmokeTestInput = z
  .strictObject({ runUri: RunUri, ...modelPlace })
  .refine(isOnePlace, 'needs endpointName or url');
export type SmokeTestInput = z.infer<typeof SmokeTestInput>;

export const SmokeTestOutput = z.strictObject({ rowCount: z.int().positive() });
export type SmokeTestOutput = z.infer<typeof SmokeTestOutput>;
