import { z } from 'zod';
import { StagingPurpose } from '#shared/dataset/staging-plan.ts';
import { RunUri } from '#shared/pipeline/run.ts';

export const PlanPartitionsInput = z.strictObject({ runUri: RunUri, purpose: StagingPurpose });
export type PlanPartitionsInput = z.infer<typeof PlanPartitionsInput>;

/** What the state machine needs to map over partitions; the plan itself lies in S3. */
export const PlanPartitionsOutput = z.strictObject({
  bucket: z.string(),
  partitionsKey: z.string(),
  partitionCount: z.int().nonnegative(),
  maxConcurrency: z.int().positive(),
  /** 0 reads all; later rounds read again what wasn't, or what has changed. */
  round: z.int().nonnegative(),
  /** Rounds so far that the source's changes made necessary. */
  rereads: z.int().nonnegative(),
  waitSeconds: z.int().nonnegative(),
  rowCount: z.int().nonnegative(),
});
export type PlanPartitionsOutput = z.infer<typeof PlanPartitionsOutput>;
