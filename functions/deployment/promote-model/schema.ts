import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';

export const PromoteModelInput = z.strictObject({ runUri: RunUri, modelRecordUri: z.string().startsWith('s3://') });
export type PromoteModelInput = z.infer<typeof PromoteModelInput>;

export const PromoteModelOutput = z.strictObject({ modelRecordUri: z.string().startsWith('s3://') });
export type PromoteModelOutput = z.infer<typeof PromoteModelOutput>;
