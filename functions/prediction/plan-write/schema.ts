import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';
import { uriIn } from '#shared/store/uri.ts';

export const PlanWriteInput = z.strictObject({
  runUri: RunUri,
  /** The folder of the predictions: headerless CSV, the key's columns and then the model's answer. */
  predictionsUri: uriIn('predictions').endsWith('/', 'must be the URI of a folder'),
  /** Rows of the score dataset. */
  rowCount: z.int().positive(),
  /** The training job that made the model. */
  model: z.string().min(1).max(127),
});
export type PlanWriteInput = z.infer<typeof PlanWriteInput>;

export const PlanWriteOutput = z.strictObject({
  writeId: z.string().length(64),
  /** Of the lease on the target table; what is written later must bring it along. */
  fence: z.int().positive(),
  bucket: z.string(),
  planKey: z.string(),
  partCount: z.int().positive(),
  /** The ledger has the write already: there is nothing to stage. */
  alreadyPublished: z.boolean(),
});
export type PlanWriteOutput = z.infer<typeof PlanWriteOutput>;
