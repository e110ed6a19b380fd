import { z } from 'zod';
import { StagingPurpose } from '#shared/dataset/staging-plan.ts';
import { RunUri } from '#shared/pipeline/run.ts';
import { uriIn } from '#shared/store/uri.ts';

export const PlanPartitionsInput = z.strictObject({
  runUri: RunUri,
  purpose: StagingPurpose,
  /** The model that is to score the rows: they are staged in the order of its features. */
  modelRecordUri: uriIn('models').nullable().optional(),
});
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
