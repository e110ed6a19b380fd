import { z } from 'zod';
import { PlannedPartition } from '#shared/dataset/staging-plan.ts';

export const ExtractPartitionInput = PlannedPartition;
export type ExtractPartitionInput = z.infer<typeof ExtractPartitionInput>;

export const ExtractPartitionOutput = z.strictObject({
  partition: z.int().nonnegative(),
  rowCount: z.int().nonnegative(),
  sizeBytes: z.int().nonnegative(),
});
export type ExtractPartitionOutput = z.infer<typeof ExtractPartitionOutput>;
