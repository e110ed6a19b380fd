import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';
import { ReusedPredictions } from '#shared/reuse/scoring-fact.ts';
import { uriIn } from '#shared/store/uri.ts';

export const PlanScoringInput = z.strictObject({ runUri: RunUri, modelRecordUri: uriIn('models') });
export type PlanScoringInput = z.infer<typeof PlanScoringInput>;

export const PlanScoringOutput = z.strictObject({
  method: z.enum(['transform', 'endpoint', 'kyma']),
  /** Where predictions are to lie, or lie already. */
  predictionsUri: uriIn('predictions'),
  /** The plan for ScorePart, JSON lines, one a part; null for a transform, which plans for itself. */
  plan: z
    .strictObject({
      bucket: z.string(),
      key: z.string(),
      partCount: z.int().nonnegative(),
      /** How many parts the endpoint is asked for at a time. */
      concurrency: z.int().positive(),
    })
    .nullable(),
  /** Where an earlier transform of the same has left them; null when they are to be made. */
  reused: ReusedPredictions.nullable(),
  /** The training job's name of the model that predicts. */
  model: z.string().min(1),
});
export type PlanScoringOutput = z.infer<typeof PlanScoringOutput>;
