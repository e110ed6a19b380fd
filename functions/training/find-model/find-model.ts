import { loadManifest, manifestUri } from '#shared/dataset/manifest.ts';
import { isUnchanged } from '#shared/models/archive.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { loadRun, type Run } from '#shared/pipeline/run.ts';
import { findTraining, type KnownTraining, lastTraining } from '#shared/reuse/known-training.ts';
import { type ModelSearch, saveModelSearch, type TrainedModel } from '#shared/reuse/model-search.ts';
import { changesBetween, type TrainingInputs, trainingInputs } from '#shared/reuse/training-inputs.ts';
import { trainingImageUri } from '#shared/sagemaker/image-uris.ts';
import type { TrainingJobs } from '#shared/sagemaker/training-job.ts';
import type { FindModelInput, FindModelOutput } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly sageMaker: Pick<TrainingJobs, 'describeTrainingJob'>;
}

/**
 * Looks for an earlier training of the same data, code and settings, whose job SageMaker still knows and whose model is
 * still there. What was found, or why nothing was, is a fact of the run.
 */
export const findModel = async (
  { runUri }: FindModelInput,
  ports: Ports,
  { region }: { readonly region: string },
): Promise<FindModelOutput> => {
  const { objectStore } = ports;
  const run = await loadRun(objectStore, runUri);
  const datasets = {
    train: await loadManifest(objectStore, manifestUri(runUri, 'train')),
    test: await loadManifest(objectStore, manifestUri(runUri, 'test')),
  };
  const inputs = trainingInputs(run, datasets, trainingImageUri(run.definition.training, region));
  const { reused, because } = await search(run, inputs, ports);
  await saveModelSearch(objectStore, runUri, { inputs, reused, because });
  return { reused: reused && referenceTo(reused), because };
};

/** What the state machine is told: the digest stays in the fact. */
const referenceTo = ({ runUri, trainingJobName, modelArchive }: TrainedModel): FindModelOutput['reused'] => ({
  runUri,
  trainingJobName,
  modelUri: modelArchive.uri,
});

const search = async (run: Run, inputs: TrainingInputs, ports: Ports): Promise<Omit<ModelSearch, 'inputs'>> => {
  if (!run.definition.reuse) return trainBecause('reuse is off for this run');
  const known = await findTraining(ports.objectStore, run, inputs);
  if (!known) return trainBecause(await changes(run, inputs, ports.objectStore));
  const flaw = await flawOf(known, ports);
  if (flaw) return trainBecause(flaw);
  const { runUri, trainingJobName, modelArchive } = known;
  const because = 'the data, the code and the settings are the same';
  return { reused: { runUri, trainingJobName, modelArchive }, because };
};

const trainBecause = (because: string): Omit<ModelSearch, 'inputs'> => ({ reused: null, because });

const changes = async (run: Run, inputs: TrainingInputs, objectStore: ObjectStore): Promise<string> => {
  const last = await lastTraining(objectStore, run);
  if (!last) return 'nothing was trained before';
  const changed = changesBetween(last.inputs, inputs).join(' and the ');
  return `the ${changed} changed since ${last.trainingJobName}`;
};

/** Why a model that was trained can't be used any more. */
const flawOf = async (
  { trainingJobName, modelArchive }: KnownTraining,
  { objectStore, sageMaker }: Ports,
): Promise<string | undefined> => {
  const job = await sageMaker.describeTrainingJob(trainingJobName);
  if (job?.TrainingJobStatus !== 'Completed' || job.ModelArtifacts?.S3ModelArtifacts !== modelArchive.uri) {
    return `SageMaker doesn't know the training job ${trainingJobName} any more`;
  }
  return (await isUnchanged(objectStore, modelArchive.uri, modelArchive))
    ? undefined
    : `the model of ${trainingJobName} was overwritten or deleted`;
};
