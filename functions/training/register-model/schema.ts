import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';
import { Metrics } from '#shared/sagemaker/metrics.ts';
import { uriIn } from '#shared/store/uri.ts';

export const RegisterModelInput = z.strictObject({
  runUri: RunUri,
  /** The run whose training made the model: this one, or the one it is reused from. */
  trainedByRunUri: RunUri,
  trainingJobName: z.string().min(1),
  metrics: Metrics,
});
export type RegisterModelInput = z.infer<typeof RegisterModelInput>;

export const RegisterModelOutput = z.strictObject({
  modelRecordUri: uriIn('models'),
  /** False when the model was registered before the run began. */
  isNew: z.boolean(),
});
export type RegisterModelOutput = z.infer<typeof RegisterModelOutput>;
