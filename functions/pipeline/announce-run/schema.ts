import { z } from 'zod';
import { StateFailure } from '#shared/endings/unpack-failure.ts';
import { RunUri } from '#shared/pipeline/run.ts';
import { Outcome } from '#shared/pipeline/run-record.ts';

export const AnnounceRunInput = z.strictObject({
  /** Null when the run failed before it had a folder: its input couldn't be run. */
  runUri: RunUri.nullable(),
  executionArn: z.string().min(1),
  /** The execution's input as it came. */
  input: z.unknown(),
  finishedAt: z.iso.datetime(),
  /** Null when every step succeeded. */
  failure: StateFailure.nullable(),
});
export type AnnounceRunInput = z.infer<typeof AnnounceRunInput>;

export const AnnounceRunOutput = z.strictObject({
  outcome: Outcome,
  runUri: RunUri.nullable(),
  /** The error's name and what happened, as the step that failed told them; null when the run succeeded. */
  failure: z.strictObject({ error: z.string(), cause: z.string() }).nullable(),
});
export type AnnounceRunOutput = z.infer<typeof AnnounceRunOutput>;
