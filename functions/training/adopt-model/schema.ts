import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';

export const AdoptModelInput = z.strictObject({ runUri: RunUri, trainingJobName: z.string().min(1).max(63) });
export type AdoptModelInput = z.infer<typeof AdoptModelInput>;

export const AdoptModelOutput = z.strictObject({ modelRecordUri: z.string().startsWith('s3://') });
export type AdoptModelOutput = z.infer<typeof AdoptModelOutput>;
