import { arnOf } from '../arns.ts';
import type { SageMakerContext } from '../context.ts';
import { withEpochMilliseconds } from '../events.ts';
import type { ModelContainer } from '../serving/container.ts';
import type { Collection } from '../store.ts';
import { tagMap } from '../tags.ts';
import type { CreateTransformJobInput } from './request.ts';

export type TransformJobStatus = 'InProgress' | 'Completed' | 'Failed' | 'Stopping' | 'Stopped';

export interface TransformJob extends Omit<CreateTransformJobInput, 'Tags'> {
  readonly TransformJobArn: string;
  readonly TransformJobStatus: TransformJobStatus;
  readonly CreationTime: Date;
  readonly LastModifiedTime: Date;
  readonly TransformStartTime?: Date;
  readonly TransformEndTime?: Date;
  readonly FailureReason?: string;
  /** The model as it was when the job was created. */
  readonly container: ModelContainer;
}

/** The account's transform jobs; each change of a status is kept on disk before its event goes out. */
export interface TransformJobs {
  readonly records: Collection<TransformJob>;
  create(request: CreateTransformJobInput, container: ModelContainer): TransformJob;
  move(name: string, status: TransformJobStatus, facts?: Partial<TransformJob>): TransformJob;
}

export const transformJobs = (context: SageMakerContext, records: Collection<TransformJob>): TransformJobs => {
  const keep = (job: TransformJob): TransformJob => {
    records.put(job.TransformJobName, job);
    const tags = tagMap(context.tags.get(job.TransformJobArn));
    context.announce('SageMaker Transform Job State Change', job.TransformJobArn, eventDetail(job, tags));
    return job;
  };
  return {
    records,
    create({ Tags = [], ...request }, container) {
      const now = new Date();
      const arn = arnOf(context.account, 'transform-job', request.TransformJobName);
      context.tags.add(arn, Tags);
      return keep({
        ...request,
        TransformJobArn: arn,
        TransformJobStatus: 'InProgress',
        CreationTime: now,
        LastModifiedTime: now,
        container,
      });
    },
    move(name, TransformJobStatus, facts = {}) {
      const now = new Date();
      const isOver = ['Completed', 'Failed', 'Stopped'].includes(TransformJobStatus);
      return keep({
        ...records.get(name)!,
        ...facts,
        ...(isOver ? { TransformEndTime: now } : {}),
        TransformJobStatus,
        LastModifiedTime: now,
      });
    },
  };
};

/** DescribeTransformJob's answer. */
export const describeTransformJob = ({ container: _, LastModifiedTime: __, ...job }: TransformJob) => job;

const eventDetail = (job: TransformJob, Tags: Record<string, string>): Record<string, unknown> =>
  withEpochMilliseconds({
    TransformJobName: job.TransformJobName,
    TransformJobArn: job.TransformJobArn,
    TransformJobStatus: job.TransformJobStatus,
    FailureReason: job.FailureReason ?? null,
    ModelName: job.ModelName,
    MaxConcurrentTransforms: job.MaxConcurrentTransforms,
    MaxPayloadInMB: job.MaxPayloadInMB,
    BatchStrategy: job.BatchStrategy,
    Environment: job.Environment ?? {},
    TransformInput: job.TransformInput,
    TransformOutput: job.TransformOutput,
    TransformResources: job.TransformResources,
    CreationTime: job.CreationTime,
    TransformStartTime: job.TransformStartTime ?? null,
    TransformEndTime: job.TransformEndTime ?? null,
    Tags,
  }) as Record<string, unknown>;
