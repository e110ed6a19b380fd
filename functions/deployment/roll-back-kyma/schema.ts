import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';

export const RollBackKymaInput = z.strictObject({ runUri: RunUri });
export type RollBackKymaInput = z.infer<typeof RollBackKymaInput>;

export const RollBackKymaOutput = z.strictObject({
  outcome: z.enum(['restored', 'removed', 'left']),
  /** What is to serve now; null when nothing does. */
  imageUri: z.string().nullable(),
});
export type RollBackKymaOutput = z.infer<typeof RollBackKymaOutput>;
