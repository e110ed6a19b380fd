import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';
import { Metrics } from '#shared/sagemaker/metrics.ts';
import { uriIn } from '#shared/store/uri.ts';

export const EvaluateModelInput = z.strictObject({
  runUri: RunUri,
  trainingJobName: z.string().min(1),
  modelUri: uriIn('training-output'),
});
export type EvaluateModelInput = z.infer<typeof EvaluateModelInput>;

export const EvaluateModelOutput = z.strictObject({
  gatePassed: z.boolean(),
  metrics: Metrics,
  /** Why the gate isn't passed, a sentence a rule; empty when it is. */
  reason: z.string(),
  /** What SageMaker bills for this run's own training; 0 where an earlier run has trained the model. */
  billableSeconds: z.number().nonnegative(),
});
export type EvaluateModelOutput = z.infer<typeof EvaluateModelOutput>;
