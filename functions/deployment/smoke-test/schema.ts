import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';

export const SmokeTestInput = z.strictObject({ runUri: RunUri, endpointName: z.string().min(1) });
export type SmokeTestInput = z.infer<typeof SmokeTestInput>;

export const SmokeTestOutput = z.strictObject({ rowCount: z.int().positive() });
export type SmokeTestOutput = z.infer<typeof SmokeTestOutput>;
