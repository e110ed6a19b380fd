import { z } from 'zod';
import { InvalidInputError } from '#shared/errors.ts';
import { ModelArchive } from '#shared/models/archive.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { readFact } from '#shared/pipeline/facts.ts';

/** The part of `training/evaluation.json` that later steps rely on: which archive the metrics and the gate's verdict are of. */
const Evaluation = z.object({ trainingJobName: z.string().min(1), modelArchive: ModelArchive });
export type Evaluation = z.infer<typeof Evaluation>;

/** Undefined before the run's model was evaluated. */
export const findEvaluation = async (objectStore: ObjectStore, runUri: string): Promise<Evaluation | undefined> =>
  Evaluation.safeParse(await readFact(objectStore, runUri, 'evaluation')).data;

/** @throws InvalidInputError when the run hasn't evaluated the model of this training job. */
export const loadEvaluation = async (
  objectStore: ObjectStore,
  runUri: string,
  trainingJobName: string,
): Promise<Evaluation> => {
  const evaluation = await findEvaluation(objectStore, runUri);
  if (evaluation?.trainingJobName === trainingJobName) return evaluation;
  throw new InvalidInputError(`The run ${runUri} has no evaluation of the model of ${trainingJobName}.`);
};
