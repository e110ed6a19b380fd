import { loadManifest, manifestUri } from '#shared/dataset/manifest.ts';
import { loadProvenModel } from '#shared/models/model-record.ts';
import { loadRun, runResourceName } from '#shared/pipeline/run.ts';
import { type ModelSettings, type Models, modelRequest } from '#shared/sagemaker/model.ts';
import {
  isSameTransformJob,
  type TransformJobs,
  transformEnvironment,
  transformJobRequest,
} from '#shared/sagemaker/transform-job.ts';
import type { SettlePorts } from '#shared/tasks/settle.ts';
import { startJob } from '#shared/tasks/start-job.ts';
import type { TransformDatasetInput } from './schema.ts';

interface Ports extends SettlePorts {
  readonly sageMaker: SettlePorts['sageMaker'] & TransformJobs & Models;
}

/** Starts the batch transform of the staged rows and returns; the state waits until the job's end answers its token. */
export const transformDataset = async (
  { runUri, modelRecordUri, taskToken, attemptId }: TransformDatasetInput,
  ports: Ports,
  settings: ModelSettings,
): Promise<undefined> => {
  const { objectStore, sageMaker } = ports;
  const run = await loadRun(objectStore, runUri);
  const record = await loadProvenModel(objectStore, modelRecordUri);
  const manifest = await loadManifest(objectStore, manifestUri(runUri, 'score'));
  const model = modelRequest(record, run, transformEnvironment(run.definition), settings);
  await sageMaker.createModel(model);
  await startJob(
    { baseName: runResourceName(run), runUri, attemptId, taskToken },
    {
      kind: 'transform',
      fact: 'transformJob',
      request: (name) => transformJobRequest(name, run, model.ModelName, manifest),
      create: sageMaker.createTransformJob,
      describe: sageMaker.describeTransformJob,
      statusOf: ({ TransformJobStatus, FailureReason }) => ({
        status: TransformJobStatus,
        failureReason: FailureReason,
      }),
      isSame: isSameTransformJob,
    },
    ports,
  );
};
