import { z } from 'zod';
import { InvalidInputError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { Run, runRecordUri } from './run.ts';

const Dataset = z.object({
  manifestUri: z.string(),
  schema: z.string(),
  view: z.string(),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  rowCount: z.int(),
  sizeBytes: z.int(),
  partCount: z.int(),
});

export const Outcome = z.enum(['succeeded', 'failed', 'gateNotPassed']);
export type Outcome = z.infer<typeof Outcome>;

/** `run.json` once the run has ended: the run as it was resolved, how it ended, and what each step that ran has left. */
export const RunRecord = Run.extend({
  outcome: Outcome,
  finishedAt: z.iso.datetime(),
  durationSeconds: z.number(),
  failure: z.object({ error: z.string(), cause: z.string() }).nullable(),
  datasets: z.object({ train: Dataset.optional(), test: Dataset.optional(), score: Dataset.optional() }),
});
export type RunRecord = z.infer<typeof RunRecord>;
