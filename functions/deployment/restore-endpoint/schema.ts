import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';

export const RestoreEndpointInput = z.strictObject({ runUri: RunUri, taskToken: z.string().min(1) });
export type RestoreEndpointInput = z.infer<typeof RestoreEndpointInput>;

/** The state is answered by its task token. */
export const RestoreEndpointOutput = z.undefined();
