import { z } from 'zod';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { readFact, writeFact } from '#shared/pipeline/facts.ts';
import { RunUri } from '#shared/pipeline/run.ts';
import { uriIn } from '#shared/store/uri.ts';

/** Predictions that a run needn't make again. */
export const ReusedPredictions = z.strictObject({
  /** The run that made them. */
  runUri: RunUri,
  /** Why they are the same, for people. */
  because: z.string().min(1),
});

/** `predictions/scoring.json`: how a run comes by its predictions. */
const ScoringFact = z.strictObject({
  method: z.enum(['transform', 'endpoint', 'kyma']),
  model: z.string().min(1),
  predictionsUri: uriIn('predictions'),
  /** Of a batch transform; what a deployed model answers is asked anew each time. */
  inputsSha256: z.string().length(64).nullable(),
  reused: ReusedPredictions.nullable(),
  /** What of the rows the model hasn't seen in training, for people. */
  notes: z.array(z.string()).readonly().default([]),
});
export type ScoringFact = z.infer<typeof ScoringFact>;

export const saveScoring = (
  objectStore: ObjectStore,
  runUri: string,
  scoring: z.input<typeof ScoringFact>,
): Promise<void> => writeFact(objectStore, runUri, 'scoring', scoring);

/** Undefined before the run has planned its scoring. */
export const loadScoring = async (objectStore: ObjectStore, runUri: string): Promise<ScoringFact | undefined> =>
  ScoringFact.safeParse(await readFact(objectStore, runUri, 'scoring')).data;
