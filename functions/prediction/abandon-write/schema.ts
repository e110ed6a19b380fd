import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';

export const AbandonWriteInput = z.strictObject({
  runUri: RunUri,
  writeId: z.string().length(64),
  /** Of the lease that the write was planned under. */
  fence: z.int().positive(),
});
export type AbandonWriteInput = z.infer<typeof AbandonWriteInput>;

export const AbandonWriteOutput = z.strictObject({ table: z.string() });
export type AbandonWriteOutput = z.infer<typeof AbandonWriteOutput>;
