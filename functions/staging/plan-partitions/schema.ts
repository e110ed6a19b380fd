import { z } from 'zod';
import { StagingPurpose } from '#shared/dataset/staging-plan.ts';
import { RunUri } from '#shared/pipeline/run.ts';

export const PlanPartitionsInput = z.strictObject({ runUri: RunUri, purpose: StagingPurpose });
export type PlanPartitionsInput = z.infer<typeof PlanPartitionsInput>;

/** What the state machine needs to map over the partitions; the plan itself lies in S3. */
export const PlanPartitionsOutput = z.strictObject({
  bucket: z.string(),
  partitionsKey: z.string(),
  partitionCount: z.int().positive(),
  rowCount: z.int().positive(),
  maxConcurrency: z.int().positive(),
});
export type PlanPartitionsOutput = z.infer<typeof PlanPartitionsOutput>;
