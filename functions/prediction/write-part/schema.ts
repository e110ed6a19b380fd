import { z } from 'zod';
import { PlannedPart } from '#shared/predictions/write-record.ts';

export const WritePartInput = PlannedPart;
export type WritePartInput = z.infer<typeof WritePartInput>;

export const WritePartOutput = z.strictObject({
  part: z.int().nonnegative(),
  /** Rows that are staged. */
  rowCount: z.int().nonnegative(),
  /** Rows that are in the quarantine object. */
  rejectedCount: z.int().nonnegative(),
  /** An earlier try had staged the part; nothing was sent. */
  alreadyStaged: z.boolean(),
});
export type WritePartOutput = z.infer<typeof WritePartOutput>;
