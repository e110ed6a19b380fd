import { z } from 'zod';
import { PlannedPart } from '#shared/predictions/write-record.ts';

export const WritePartInput = PlannedPart;
export type WritePartInput = z.infer<typeof WritePartInput>;

export const WritePartOutput = z.strictObject({
  part: z.int().nonnegative(),
  rowCount: z.int().nonnegative(),
});
export type WritePartOutput = z.infer<typeof WritePartOutput>;
