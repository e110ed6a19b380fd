import { join } from 'node:path';
import type { Operation } from '#local/http/aws-json.ts';
import { AwsError } from '#local/http/aws-json.ts';
import type { Api } from '../api.ts';
import type { SageMakerContext } from '../context.ts';
import { INTERRUPTED } from '../job-failure.ts';
import { listPage } from '../listing.ts';
import { checkQuota } from '../quotas.ts';
import type { ModelContainer } from '../serving/container.ts';
import { openCollection } from '../store.ts';
import { operation, refuse } from '../validation/request.ts';
import { CreateTransformJobInput, ListTransformJobsInput, TransformJobNameInput } from './request.ts';
import { runTransformJob } from './run.ts';
import type { TransformJob } from './transform-job.ts';
import { describeTransformJob, transformJobs } from './transform-job.ts';

/** The batch transform operations; `containerOf` finds a model's container by the model's name. */
export const transformApi = (context: SageMakerContext, containerOf: (modelName: string) => ModelContainer): Api => {
  const jobs = transformJobs(context, openCollection<TransformJob>(join(context.dataDir, 'records', 'transform-jobs')));
  const running = new Map<string, AbortController>();

  const existing = (name: string): TransformJob => {
    const job = jobs.records.get(name);
    if (!job) throw refuse('Requested resource not found.');
    return job;
  };

  const start = (job: TransformJob): void => {
    const stop = new AbortController();
    running.set(job.TransformJobName, stop);
    context.background.run(() =>
      runTransformJob(context, jobs, job, stop.signal).finally(() => running.delete(job.TransformJobName)),
    );
  };

  const operations: Record<string, Operation> = {
    CreateTransformJob: operation(CreateTransformJobInput, (input) => {
      const container = containerOf(input.ModelName);
      const earlier = jobs.records.find(input.TransformJobName);
      if (earlier) throw nameTaken(earlier.TransformJobArn);
      const { InstanceType, InstanceCount } = input.TransformResources;
      checkQuota(context.settings.quotas, {
        name: `${InstanceType} for transform job usage`,
        used: jobs.records
          .all()
          .filter((job) => isRunning(job) && job.TransformResources.InstanceType === InstanceType)
          .reduce((total, job) => total + job.TransformResources.InstanceCount, 0),
        wanted: InstanceCount,
      });
      const job = jobs.create(input, container);
      start(job);
      return { TransformJobArn: job.TransformJobArn };
    }),
    DescribeTransformJob: operation(TransformJobNameInput, (input) =>
      describeTransformJob(existing(input.TransformJobName)),
    ),
    StopTransformJob: operation(TransformJobNameInput, ({ TransformJobName }) => {
      const { TransformJobStatus } = existing(TransformJobName);
      const stop = running.get(TransformJobName);
      if (TransformJobStatus !== 'InProgress' || !stop) {
        throw refuse(`The request was rejected because the transform job is in status ${TransformJobStatus}.`);
      }
      jobs.move(TransformJobName, 'Stopping');
      stop.abort();
    }),
    ListTransformJobs: operation(ListTransformJobsInput, (input) => {
      const items = jobs.records
        .all()
        .filter((job) => !input.StatusEquals || job.TransformJobStatus === input.StatusEquals)
        .map((job) => ({
          job,
          name: job.TransformJobName,
          status: job.TransformJobStatus,
          createdAt: job.CreationTime,
          modifiedAt: job.LastModifiedTime,
        }));
      const { page, NextToken } = listPage(items, input);
      return { TransformJobSummaries: page.map(({ job }) => summaryOf(job)), NextToken };
    }),
  };

  return {
    operations,
    exists: (arn: string) => jobs.records.all().some(({ TransformJobArn }) => TransformJobArn === arn),
    recover() {
      for (const job of jobs.records.all()) {
        if (isRunning(job)) jobs.move(job.TransformJobName, 'Failed', { FailureReason: INTERRUPTED });
      }
    },
  };
};

const isRunning = ({ TransformJobStatus }: TransformJob): boolean =>
  TransformJobStatus === 'InProgress' || TransformJobStatus === 'Stopping';

const nameTaken = (arn: string): AwsError =>
  new AwsError(
    'ResourceInUse',
    `Transform job names must be unique within an AWS account and region, and a transform job with this name already exists (${arn})`,
  );

const summaryOf = (job: TransformJob) => ({
  TransformJobName: job.TransformJobName,
  TransformJobArn: job.TransformJobArn,
  CreationTime: job.CreationTime,
  TransformEndTime: job.TransformEndTime,
  LastModifiedTime: job.LastModifiedTime,
  TransformJobStatus: job.TransformJobStatus,
  FailureReason: job.FailureReason,
});
