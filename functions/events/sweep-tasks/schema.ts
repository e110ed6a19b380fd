import { z } from 'zod';

/** The schedule's event; nothing of it is read. */
export const SweepTasksInput = z.unknown();

export const SweepTasksOutput = z.strictObject({
  /** Answers that no event had given: lost events, when there are many. */
  answered: z.int().nonnegative(),
  dropped: z.int().nonnegative(),
  waiting: z.int().nonnegative(),
  /** Jobs whose runs have ended without them. */
  stopped: z.int().nonnegative(),
});
export type SweepTasksOutput = z.infer<typeof SweepTasksOutput>;
