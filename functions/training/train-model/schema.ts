import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';

export const TrainModelInput = z.strictObject({
  runUri: RunUri,
  taskToken: z.string().min(1),
  /** The execution and its redrive. */
  attemptId: z.string().min(1),
});
export type TrainModelInput = z.infer<typeof TrainModelInput>;

/** The state is answered by its task token, with TrainingJobResult. */
export const TrainModelOutput = z.undefined();
