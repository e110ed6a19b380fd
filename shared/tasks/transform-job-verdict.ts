import { z } from 'zod';
import { TransformFailedError } from '#shared/errors.ts';
import { type JobLog, lastWords, transformLog } from '#shared/sagemaker/job-log.ts';
import type { TransformJobDescription } from '#shared/sagemaker/transform-job.ts';
import { isPassingFailure, passingFailure } from '#shared/tasks/training-job-verdict.ts';
import type { Verdict } from '#shared/tasks/verdict.ts';

/** What the state TransformDataset answers with. */
export const TransformJobResult = z.strictObject({ transformJobName: z.string().min(1) });
export type TransformJobResult = z.infer<typeof TransformJobResult>;

/** Outputs of a job that isn't Completed are some of all: they don't count. */
export const transformJobVerdict = async (
  name: string,
  job: TransformJobDescription,
  log: JobLog,
): Promise<Verdict<TransformJobResult>> => {
  switch (job.TransformJobStatus) {
    case 'Completed':
      return { state: 'succeeded', result: { transformJobName: name } };
    case 'Failed':
      return { state: 'failed', error: await failure(name, job.FailureReason ?? 'SageMaker gave no reason.', log) };
    case 'Stopped':
      return { state: 'failed', error: new TransformFailedError(`Transform job ${name} was stopped by somebody.`) };
    default:
      return { state: 'running' };
  }
};

const failure = async (name: string, failureReason: string, log: JobLog) => {
  if (isPassingFailure(failureReason)) return passingFailure(`Transform job ${name} failed`, failureReason);
  const words = await lastWords(log, transformLog(name));
  const reason = failureReason.replace(/\s*\n\s*/g, ' ');
  return new TransformFailedError(
    words
      ? `Transform job ${name} failed (${reason}). Its log ends with:\n${words}`
      : `Transform job ${name} failed (${reason}).`,
  );
};
