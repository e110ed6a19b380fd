import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';

export const RollBackKymaInput = z.strictObject({
  runUri: RunUri,
  /** When the first look began; absent in the first look. */
  since: z.iso.datetime().optional(),
});
export type RollBackKymaInput = z.infer<typeof RollBackKymaInput>;

export const RollBackKymaOutput = z.strictObject({
  outcome: z.enum(['restored', 'removed', 'left']),
  /** What is to serve now; null when nothing does. */
  imageUri: z.string().nullable(),
  /** What is missing until it serves; absent when it does. */
  waitsFor: z.string().optional(),
  /** To be given to the next look. */
  since: z.iso.datetime().optional(),
});
export type RollBackKymaOutput = z.infer<typeof RollBackKymaOutput>;
