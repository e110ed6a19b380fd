import { z } from 'zod';

/** The end of a run, as our bus tells it, or the schedule's tick. */
export const StartQueuedRunsInput = z.looseObject({
  detail: z.looseObject({ executionArn: z.string().optional() }),
});
export type StartQueuedRunsInput = z.infer<typeof StartQueuedRunsInput>;

export const StartQueuedRunsOutput = z.strictObject({
  started: z.array(z.string()),
  /** Runs that still wait for others to end. */
  waiting: z.array(z.string()),
});
export type StartQueuedRunsOutput = z.infer<typeof StartQueuedRunsOutput>;
