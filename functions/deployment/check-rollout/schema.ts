import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';

export const CheckRolloutInput = z.strictObject({ runUri: RunUri });
export type CheckRolloutInput = z.infer<typeof CheckRolloutInput>;

export const CheckRolloutOutput = z.strictObject({
  state: z.enum(['ready', 'waiting']),
  /** What it waits for, for people who watch the execution. */
  detail: z.string(),
});
export type CheckRolloutOutput = z.infer<typeof CheckRolloutOutput>;
