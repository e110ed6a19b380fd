import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';

export const PublishPredictionsInput = z.strictObject({
  runUri: RunUri,
  writeId: z.string().length(64),
  /** Rows that the staging table must have. */
  rowCount: z.int().positive(),
});
export type PublishPredictionsInput = z.infer<typeof PublishPredictionsInput>;

export const PublishPredictionsOutput = z.strictObject({
  schema: z.string(),
  table: z.string(),
  mode: z.enum(['append', 'upsert', 'replace']),
  rowCount: z.int().positive(),
  writeId: z.string().length(64),
  /** The ledger had the write already, from a try whose end was not heard of. */
  alreadyPublished: z.boolean(),
});
export type PublishPredictionsOutput = z.infer<typeof PublishPredictionsOutput>;
