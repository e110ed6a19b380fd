import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Role } from '../access/roles.ts';
import { packArchive } from '../archive.ts';
import type { SageMakerContext } from '../context.ts';
import { checkImage } from '../image.ts';
import { failureReason, JobFailure, orClientError } from '../job-failure.ts';
import type { Objects } from '../objects.ts';
import { joinS3Uri, parseS3Uri } from '../objects.ts';
import { packageVersions } from '../python-interpreter.ts';
import { removeFolder } from '../remove-folder.ts';
import { checkpointFolder, HOST, prepareInputs } from './inputs.ts';
import { metricScanner } from './metrics.ts';
import { runScript, ScriptFailure } from './script.ts';
import type { SecondaryStatus, TrainingJob, TrainingJobs } from './training-job.ts';

/** Timers take at most this many milliseconds, somewhat less than the 28 days that a job may take. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const TRAINING_LOG_GROUP = '/aws/sagemaker/TrainingJobs';

const NO_IMAGE =
  'ClientError: Cannot pull algorithm container. Either the image does not exist or its permissions are incorrect.';

/** Why a job was stopped: the secondary status that it ends with. */
export type StopReason = Extract<SecondaryStatus, 'Stopped' | 'MaxRuntimeExceeded'>;

/**
 * Lives a job's whole life, from Starting to its terminal status. It never throws; when the stand-in closes meanwhile,
 * the job stays as it is on disk and is failed at the next start.
 *
 * @param stop Aborted with a StopReason to stop the job.
 */
export const runTrainingJob = async (
  context: SageMakerContext,
  jobs: TrainingJobs,
  { TrainingJobName: name }: TrainingJob,
  stop: AbortController,
): Promise<void> => {
  const { background, roles, settings } = context;
  const folder = join(context.dataDir, 'work', 'training', name.toLowerCase());
  const base = join(folder, 'opt', 'ml');
  const ending = AbortSignal.any([background.closing, stop.signal]);
  const stream = `${name}/${HOST}-${Math.trunc(Date.now() / 1000)}`;
  const job = jobs.records.get(name)!;
  const role = roles.of(job.RoleArn);
  const log = (lines: readonly string[]) => role.log(TRAINING_LOG_GROUP, stream, lines);
  const metrics = metricScanner(job.AlgorithmSpecification.MetricDefinitions ?? [], (text) => log([text]));
  let timer: NodeJS.Timeout | undefined;
  let end = (): void => {};
  try {
    await sleep(settings.startDelayMs, undefined, { signal: ending });
    jobs.move(name, 'InProgress', 'Downloading', { TrainingStartTime: new Date() });
    timer = setTimeout(() => stopTrainingJob(jobs, name, stop, 'MaxRuntimeExceeded'), maxRuntimeMs(job));
    if (!role.mayPull(job.AlgorithmSpecification.TrainingImage)) throw new JobFailure(NO_IMAGE);
    role.assertMayUse({ volumeKeyId: job.ResourceConfig.VolumeKmsKeyId, outputKeyId: job.OutputDataConfig.KmsKeyId });
    await prepareInputs(context, job, base, ending);
    await warnOfImage();
    jobs.move(name, 'InProgress', 'Training');
    await runScript(context, job, base, stop.signal, (lines) => {
      log(lines);
      metrics.scan(lines);
    });
    background.closing.throwIfAborted();
    clearTimeout(timer);
    jobs.move(name, stop.signal.aborted ? 'Stopping' : 'InProgress', 'Uploading');
    const S3ModelArtifacts = await uploadArtifacts(role, job, base);
    end = () => finish({ ModelArtifacts: { S3ModelArtifacts }, ...foundMetrics() });
  } catch (error) {
    if (background.closing.aborted) return;
    end = () => (stop.signal.aborted ? finish({}) : fail(error));
    if (!stop.signal.aborted && !(error instanceof ScriptFailure)) log([(error as Error).message]);
  } finally {
    clearTimeout(timer);
    // A job that is over can be deleted, and its name used again: nothing of it may be left then.
    await removeFolder(folder).finally(end);
  }

  async function warnOfImage(): Promise<void> {
    const image = job.AlgorithmSpecification.TrainingImage;
    const { failure, warning } = checkImage(image, context.python, await packageVersions(context.python));
    if (failure) throw new JobFailure(`AlgorithmError: ${failure}`);
    if (warning) log([warning]);
  }

  function fail(error: unknown): void {
    jobs.move(name, 'Failed', 'Failed', { FailureReason: failureReason(error), ...foundMetrics() });
  }

  /** SageMaker knows the metrics that it could put into CloudWatch, as the role. */
  function foundMetrics(): Partial<TrainingJob> {
    return role.mayPutMetrics(TRAINING_LOG_GROUP) ? metrics.found() : {};
  }

  function finish(facts: Partial<TrainingJob>): void {
    if (stop.signal.aborted) jobs.move(name, 'Stopped', stop.signal.reason as StopReason, facts);
    else jobs.move(name, 'Completed', 'Completed', facts);
  }
};

/** Tells a running job to end; it goes on to Stopped by itself. */
export const stopTrainingJob = (jobs: TrainingJobs, name: string, stop: AbortController, reason: StopReason): void => {
  if (stop.signal.aborted) return;
  jobs.move(name, 'Stopping', 'Stopping');
  stop.abort(reason);
};

const maxRuntimeMs = ({ StoppingCondition: { MaxRuntimeInSeconds = 86_400 } }: TrainingJob): number =>
  Math.min(MAX_TIMER_MS, MaxRuntimeInSeconds * 1000);

/** Puts model.tar.gz, output.tar.gz if there is output, and the checkpoints; returns the model's URI. */
const uploadArtifacts = async ({ objects }: Role, job: TrainingJob, base: string): Promise<string> => {
  const outputUri = joinS3Uri(job.OutputDataConfig.S3OutputPath, job.TrainingJobName, 'output');
  const uploadFolder = async (folder: string, name: string) => {
    const file = join(base, name);
    await packArchive(folder, file);
    const target = parseS3Uri(joinS3Uri(outputUri, name));
    await objects.upload(file, target, 'application/x-tar', job.OutputDataConfig.KmsKeyId);
  };
  return orClientError('Artifact upload failed', async () => {
    await uploadFolder(await existingFolder(join(base, 'model')), 'model.tar.gz');
    const outputFolder = await existingFolder(join(base, 'output', 'data'));
    if ((await readdir(outputFolder)).length > 0) await uploadFolder(outputFolder, 'output.tar.gz');
    if (job.CheckpointConfig) await uploadCheckpoints(objects, job, base);
    return joinS3Uri(outputUri, 'model.tar.gz');
  });
};

/** A script that was stopped early may not have come as far as its folders. */
const existingFolder = async (folder: string): Promise<string> => {
  await mkdir(folder, { recursive: true });
  return folder;
};

const uploadCheckpoints = async (objects: Objects, job: TrainingJob, base: string): Promise<void> => {
  const folder = checkpointFolder(job, base);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const key = file.slice(folder.length + 1);
    await objects.upload(file, parseS3Uri(joinS3Uri(job.CheckpointConfig!.S3Uri, key)), 'application/octet-stream');
  }
};
