import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';
import { uriIn } from '#shared/store/uri.ts';

export const FindModelInput = z.strictObject({ runUri: RunUri });
export type FindModelInput = z.infer<typeof FindModelInput>;

export const FindModelOutput = z.strictObject({
  /** The model of an earlier training that this run's training would only repeat; null when it has to train. */
  reused: z
    .strictObject({
      /** The run that trained it. */
      runUri: RunUri,
      trainingJobName: z.string().min(1),
      modelUri: uriIn('training-output'),
    })
    .nullable(),
  /** Why so, for people. */
  because: z.string().min(1),
});
export type FindModelOutput = z.infer<typeof FindModelOutput>;
