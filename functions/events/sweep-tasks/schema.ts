import { z } from 'zod';

/** The event of the schedule, or of a run that was stopped; nothing of it is read. */
export const SweepTasksInput = z.looseObject({});

export const SweepTasksOutput = z.strictObject({
  /** Answers that no event had given: lost events, when there are many. */
  answered: z.int().nonnegative(),
  dropped: z.int().nonnegative(),
  waiting: z.int().nonnegative(),
  /** Jobs whose runs have ended without them. */
  stopped: z.int().nonnegative(),
});
export type SweepTasksOutput = z.infer<typeof SweepTasksOutput>;
