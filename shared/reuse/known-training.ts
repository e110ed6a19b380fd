import { z } from 'zod';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { type Run, storeUriOf } from '#shared/pipeline/run.ts';
import { contentSha256 } from '#shared/reuse/content-sha256.ts';
import { readEntry, writeEntry } from '#shared/reuse/index-entry.ts';
import { TrainedModel } from '#shared/reuse/model-search.ts';
import { TrainingInputs } from '#shared/reuse/training-inputs.ts';
import { folderIn } from '#shared/store/layout.ts';

/** `trainings/<pipeline>/<digest of its inputs>.json`: a training that left a model, found by what went into it. */
const KnownTraining = z.strictObject({
  version: z.literal(2),
  ...TrainedModel.shape,
  inputs: TrainingInputs,
});
export type KnownTraining = z.infer<typeof KnownTraining>;

type Place = Pick<Run, 'runUri' | 'pipeline'>;

/** The last training of a pipeline with these inputs, by whichever run. */
export const findTraining = (
  objectStore: ObjectStore,
  place: Place,
  inputs: TrainingInputs,
): Promise<KnownTraining | undefined> => readEntry(objectStore, entryUri(place, contentSha256(inputs)), KnownTraining);

/** The last training of a pipeline with whatever inputs. */
export const lastTraining = (objectStore: ObjectStore, place: Place): Promise<KnownTraining | undefined> =>
  readEntry(objectStore, entryUri(place, 'last'), KnownTraining);

/** Lets later runs find a training whose model was looked at. */
export const rememberTraining = async (
  objectStore: ObjectStore,
  pipeline: string,
  training: Omit<KnownTraining, 'version'>,
): Promise<void> => {
  const { runUri, inputs } = training;
  for (const name of [contentSha256(inputs), 'last']) {
    const uri = entryUri({ runUri, pipeline }, name);
    await writeEntry(objectStore, uri, KnownTraining, { version: 2, ...training });
  }
};

const entryUri = ({ runUri, pipeline }: Place, name: string): string =>
  `${folderIn(storeUriOf(runUri), 'trainings')}${pipeline}/${name}.json`;
