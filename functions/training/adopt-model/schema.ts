import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';
import { uriIn } from '#shared/store/uri.ts';

export const AdoptModelInput = z.strictObject({ runUri: RunUri, trainingJobName: z.string().min(1).max(63) });
export type AdoptModelInput = z.infer<typeof AdoptModelInput>;

export const AdoptModelOutput = z.strictObject({ modelRecordUri: uriIn('models') });
export type AdoptModelOutput = z.infer<typeof AdoptModelOutput>;
