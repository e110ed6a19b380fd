import { loadManifest, manifestUri } from '#shared/dataset/manifest.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { loadRun, runResourceName } from '#shared/pipeline/run.ts';
import { trainingImageUri } from '#shared/sagemaker/image-uris.ts';
import {
  isSameTrainingJob,
  type TrainingJobSettings,
  type TrainingJobs,
  trainingJobRequest,
} from '#shared/sagemaker/training-job.ts';
import type { SettlePorts } from '#shared/tasks/settle.ts';
import { startJob } from '#shared/tasks/start-job.ts';
import type { TrainModelInput } from './schema.ts';

interface Ports extends SettlePorts {
  readonly objectStore: ObjectStore;
  readonly sageMaker: SettlePorts['sageMaker'] & TrainingJobs;
}

/** Starts the run's training job and returns; the state waits until the job's end answers its token. */
export const trainModel = async (
  { runUri, taskToken, attemptId }: TrainModelInput,
  ports: Ports,
  settings: TrainingJobSettings,
): Promise<undefined> => {
  const { sageMaker } = ports;
  const run = await loadRun(ports.objectStore, runUri);
  const datasets = {
    train: await loadManifest(ports.objectStore, manifestUri(runUri, 'train')),
    test: await loadManifest(ports.objectStore, manifestUri(runUri, 'test')),
  };
  const imageUri = trainingImageUri(run.definition.training, settings.region);
  await startJob(
    { baseName: runResourceName(run), runUri, attemptId, taskToken },
    {
      kind: 'training',
      fact: 'trainingJob',
      request: (name) => trainingJobRequest(name, run, datasets, imageUri, settings),
      create: sageMaker.createTrainingJob,
      describe: sageMaker.describeTrainingJob,
      statusOf: ({ TrainingJobStatus, FailureReason }) => ({ status: TrainingJobStatus, failureReason: FailureReason }),
      isSame: isSameTrainingJob,
    },
    ports,
  );
};
