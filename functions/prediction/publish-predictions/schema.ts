import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';

export const PublishPredictionsInput = z.strictObject({
  runUri: RunUri,
  writeId: z.string().length(64),
  /** Of the lease that the write was planned under. */
  fence: z.int().positive(),
  /** Rows that were scored. Each must be staged, or set aside as unwritable. */
  rowCount: z.int().positive(),
});
export type PublishPredictionsInput = z.infer<typeof PublishPredictionsInput>;

export const PublishPredictionsOutput = z.strictObject({
  schema: z.string(),
  table: z.string(),
  mode: z.enum(['append', 'upsert', 'replace', 'versioned']),
  rowCount: z.int().positive(),
  /** Rows that are in the quarantine objects and not in the table. */
  rejectedCount: z.int().nonnegative(),
  writeId: z.string().length(64),
  /** The ledger had the write already, from a try whose end was not heard of. */
  alreadyPublished: z.boolean(),
});
export type PublishPredictionsOutput = z.infer<typeof PublishPredictionsOutput>;
