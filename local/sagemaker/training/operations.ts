import { join } from 'node:path';
import type { Operation } from '#local/http/aws-json.ts';
import { AwsError } from '#local/http/aws-json.ts';
import type { Api } from '../api.ts';
import { arnOf } from '../arns.ts';
import type { SageMakerContext } from '../context.ts';
import { INTERRUPTED } from '../job-failure.ts';
import { listPage } from '../listing.ts';
import { checkQuota } from '../quotas.ts';
import { openCollection } from '../store.ts';
import { operation, refuse } from '../validation/request.ts';
import { CreateTrainingJobInput, ListTrainingJobsInput, TrainingJobNameInput } from './request.ts';
import { runTrainingJob, stopTrainingJob } from './run.ts';
import type { TrainingJob } from './training-job.ts';
import { trainingJobs } from './training-job.ts';

/** The training operations. Jobs that were running when the stand-in ended fail at its next start. */
export const trainingApi = (context: SageMakerContext): Api => {
  const jobs = trainingJobs(context, openCollection<TrainingJob>(join(context.dataDir, 'records', 'training-jobs')));
  const running = new Map<string, AbortController>();

  const existing = (name: string): TrainingJob => {
    const job = jobs.records.get(name);
    if (!job) throw refuse('Requested resource not found.');
    return job;
  };

  const start = (job: TrainingJob): void => {
    const stop = new AbortController();
    running.set(job.TrainingJobName, stop);
    context.background.run(() =>
      runTrainingJob(context, jobs, job, stop).finally(() => running.delete(job.TrainingJobName)),
    );
  };

  const operations: Record<string, Operation> = {
    CreateTrainingJob: operation(CreateTrainingJobInput, (input) => {
      const earlier = jobs.records.find(input.TrainingJobName);
      if (earlier) throw nameTaken(earlier.TrainingJobArn);
      checkQuota(context.settings.quotas, {
        name: `${input.ResourceConfig.InstanceType} for ${input.EnableManagedSpotTraining ? 'spot ' : ''}training job usage`,
        used: jobs.records.all().filter((job) => usesSameQuota(job, input)).length,
        wanted: input.ResourceConfig.InstanceCount,
      });
      context.roles.assume(input.RoleArn, arnOf(context.account, 'training-job', input.TrainingJobName));
      const job = jobs.create(input);
      start(job);
      return { TrainingJobArn: job.TrainingJobArn };
    }),
    DescribeTrainingJob: operation(TrainingJobNameInput, ({ TrainingJobName }) => existing(TrainingJobName)),
    StopTrainingJob: operation(TrainingJobNameInput, ({ TrainingJobName }) => {
      const { TrainingJobStatus } = existing(TrainingJobName);
      const stop = running.get(TrainingJobName);
      if (TrainingJobStatus !== 'InProgress' || !stop) {
        throw refuse(`The request was rejected because the training job is in status ${TrainingJobStatus}.`);
      }
      stopTrainingJob(jobs, TrainingJobName, stop, 'Stopped');
    }),
    DeleteTrainingJob: operation(TrainingJobNameInput, ({ TrainingJobName }) => {
      const { TrainingJobArn, TrainingJobStatus } = existing(TrainingJobName);
      if (running.has(TrainingJobName)) {
        throw new AwsError(
          'ResourceInUse',
          `The training job ${TrainingJobArn} is in status ${TrainingJobStatus}. Stop it first.`,
        );
      }
      jobs.records.delete(TrainingJobName);
      context.tags.deleteAll(TrainingJobArn);
    }),
    ListTrainingJobs: operation(ListTrainingJobsInput, (input) => {
      const items = jobs.records
        .all()
        .filter((job) => !input.StatusEquals || job.TrainingJobStatus === input.StatusEquals)
        .map((job) => ({
          job,
          name: job.TrainingJobName,
          status: job.TrainingJobStatus,
          createdAt: job.CreationTime,
          modifiedAt: job.LastModifiedTime,
        }));
      const { page, NextToken } = listPage(items, { SortOrder: 'Ascending', ...input });
      return { TrainingJobSummaries: page.map(({ job }) => summaryOf(job)), NextToken };
    }),
  };

  return {
    operations,
    exists: (arn: string) => jobs.records.all().some(({ TrainingJobArn }) => TrainingJobArn === arn),
    recover() {
      for (const { TrainingJobName, TrainingJobStatus } of jobs.records.all()) {
        if (TrainingJobStatus !== 'InProgress' && TrainingJobStatus !== 'Stopping') continue;
        jobs.move(TrainingJobName, 'Failed', 'Failed', { FailureReason: INTERRUPTED });
      }
    },
  };
};

const nameTaken = (arn: string): AwsError =>
  new AwsError(
    'ResourceInUse',
    `Training job names must be unique within an AWS account and region, and a training job with this name already exists (${arn})`,
  );

const usesSameQuota = (job: TrainingJob, request: CreateTrainingJobInput): boolean =>
  ['InProgress', 'Stopping'].includes(job.TrainingJobStatus) &&
  job.ResourceConfig.InstanceType === request.ResourceConfig.InstanceType &&
  Boolean(job.EnableManagedSpotTraining) === Boolean(request.EnableManagedSpotTraining);

const summaryOf = (job: TrainingJob) => ({
  TrainingJobName: job.TrainingJobName,
  TrainingJobArn: job.TrainingJobArn,
  CreationTime: job.CreationTime,
  TrainingEndTime: job.TrainingEndTime,
  LastModifiedTime: job.LastModifiedTime,
  TrainingJobStatus: job.TrainingJobStatus,
  SecondaryStatus: job.SecondaryStatus,
});
