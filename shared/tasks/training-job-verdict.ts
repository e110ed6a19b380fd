import { z } from 'zod';
import {
  CapacityUnavailableError,
  ModelMissingError,
  type PipelineError,
  SageMakerUnavailableError,
  TrainingFailedError,
  TrainingStoppedError,
} from '#shared/errors.ts';
import { type JobLog, lastWords, trainingLog } from '#shared/sagemaker/job-log.ts';
import type { TrainingJobDescription } from '#shared/sagemaker/training-job.ts';
import { uriIn } from '#shared/store/uri.ts';
import type { Verdict } from '#shared/tasks/verdict.ts';

/** What the state TrainModel answers with. */
export const TrainingJobResult = z.strictObject({
  trainingJobName: z.string().min(1),
  modelUri: uriIn('training-output'),
});
export type TrainingJobResult = z.infer<typeof TrainingJobResult>;

/** Only Completed is a success: a stopped job may leave a model too, of an unfinished training. */
export const trainingJobVerdict = async (
  name: string,
  job: TrainingJobDescription,
  log: JobLog,
): Promise<Verdict<TrainingJobResult>> => {
  switch (job.TrainingJobStatus) {
    case 'Completed':
      return completed(name, job.ModelArtifacts?.S3ModelArtifacts);
    case 'Failed':
      return { state: 'failed', error: await failure(name, job.FailureReason ?? 'SageMaker gave no reason.', log) };
    case 'Stopped':
      return { state: 'failed', error: stopped(name, job.SecondaryStatus) };
    default:
      return { state: 'running' };
  }
};

const completed = (name: string, modelUri: string | undefined): Verdict<TrainingJobResult> =>
  modelUri
    ? { state: 'succeeded', result: { trainingJobName: name, modelUri } }
    : { state: 'failed', error: new ModelMissingError(`Training job ${name} is completed and names no model.tar.gz.`) };

/** Failures of SageMaker's own that another job, of another name, may be spared. */
export const isPassingFailure = (failureReason = ''): boolean =>
  /^(CapacityError|InternalServerError)/.test(failureReason);

/** What a failure that isn't the user's is called. */
export const passingFailure = (what: string, failureReason: string): PipelineError =>
  failureReason.startsWith('CapacityError')
    ? new CapacityUnavailableError(`${what}: ${failureReason} Another instance type may be available sooner.`)
    : new SageMakerUnavailableError(`${what}: ${failureReason}`);

const failure = async (name: string, failureReason: string, log: JobLog): Promise<PipelineError> => {
  if (isPassingFailure(failureReason)) return passingFailure(`Training job ${name} failed`, failureReason);
  const words = await lastWords(log, trainingLog(name));
  const reason = failureReason.replace(/\s*\n\s*/g, ' ');
  return new TrainingFailedError(
    words
      ? `Training job ${name} failed (${reason}). Its log ends with:\n${words}`
      : `Training job ${name} failed (${reason}). Nothing of it is in the log group ${trainingLog(name).logGroup}.`,
  );
};

const STOP_REASONS: Readonly<Record<string, string>> = {
  MaxRuntimeExceeded: 'It ran longer than training.maxRuntimeSeconds. Raise the limit, or train on less.',
  MaxWaitTimeExceeded: 'No spot instance was free for long enough within training.spot.maxWaitSeconds.',
};

const stopped = (name: string, secondaryStatus = 'Stopped'): TrainingStoppedError =>
  new TrainingStoppedError(
    `Training job ${name} was stopped (${secondaryStatus}). ` +
      (STOP_REASONS[secondaryStatus] ??
        'Somebody stopped it; its model, if there is one, is of an unfinished training.'),
  );
