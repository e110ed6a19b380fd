import { z } from 'zod';
import { ModelArchive } from '#shared/models/archive.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { readFact, writeFact } from '#shared/pipeline/facts.ts';
import { RunUri } from '#shared/pipeline/run.ts';
import { TrainingInputs } from '#shared/reuse/training-inputs.ts';

/** A model that some run has trained and looked at. */
export const TrainedModel = z.strictObject({
  /** The run that trained it. */
  runUri: RunUri,
  trainingJobName: z.string().min(1),
  modelArchive: ModelArchive,
});
export type TrainedModel = z.infer<typeof TrainedModel>;

/** `training/search.json`: what a run's training is made of, and whether an earlier one was the same. */
const ModelSearch = z.strictObject({
  inputs: TrainingInputs,
  reused: TrainedModel.nullable(),
  because: z.string().min(1),
});
export type ModelSearch = z.infer<typeof ModelSearch>;

export const saveModelSearch = (objectStore: ObjectStore, runUri: string, search: ModelSearch): Promise<void> =>
  writeFact(objectStore, runUri, 'modelSearch', search);

/** Undefined when nobody has searched: the search failed, and the run trains without it. */
export const loadModelSearch = async (objectStore: ObjectStore, runUri: string): Promise<ModelSearch | undefined> =>
  ModelSearch.safeParse(await readFact(objectStore, runUri, 'modelSearch')).data;
