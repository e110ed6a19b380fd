import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';
import { uriIn } from '#shared/store/uri.ts';

export const PromoteModelInput = z.strictObject({ runUri: RunUri, modelRecordUri: uriIn('models') });
export type PromoteModelInput = z.infer<typeof PromoteModelInput>;

export const PromoteModelOutput = z.strictObject({ modelRecordUri: uriIn('models') });
export type PromoteModelOutput = z.infer<typeof PromoteModelOutput>;
