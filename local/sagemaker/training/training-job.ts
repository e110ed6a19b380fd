import { arnOf } from '../arns.ts';
import type { SageMakerContext } from '../context.ts';
import { withEpochMilliseconds } from '../events.ts';
import type { Collection } from '../store.ts';
import { tagMap } from '../tags.ts';
import type { CreateTrainingJobInput } from './request.ts';

export type TrainingJobStatus = 'InProgress' | 'Completed' | 'Failed' | 'Stopping' | 'Stopped';

export type SecondaryStatus =
  | 'Starting'
  | 'Downloading'
  | 'Training'
  | 'Uploading'
  | 'Stopping'
  | 'Stopped'
  | 'MaxRuntimeExceeded'
  | 'Completed'
  | 'Failed';

interface Transition {
  readonly Status: SecondaryStatus;
  readonly StartTime: Date;
  readonly EndTime?: Date;
  readonly StatusMessage: string;
}

export interface TrainingJob extends Omit<CreateTrainingJobInput, 'Tags'> {
  readonly TrainingJobArn: string;
  readonly TrainingJobStatus: TrainingJobStatus;
  readonly SecondaryStatus: SecondaryStatus;
  readonly SecondaryStatusTransitions: readonly Transition[];
  readonly CreationTime: Date;
  readonly LastModifiedTime: Date;
  readonly TrainingStartTime?: Date;
  readonly TrainingEndTime?: Date;
  readonly TrainingTimeInSeconds?: number;
  /** As long as the training: a laptop has no spot price. */
  readonly BillableTimeInSeconds?: number;
  readonly ModelArtifacts?: { readonly S3ModelArtifacts: string };
  readonly FinalMetricDataList?: readonly {
    readonly MetricName: string;
    readonly Value: number;
    readonly Timestamp: Date;
  }[];
  readonly FailureReason?: string;
}

/** The account's training jobs; each change of a status is kept on disk before its event goes out. */
export interface TrainingJobs {
  readonly records: Collection<TrainingJob>;
  create(request: CreateTrainingJobInput): TrainingJob;
  /** Moves a job to its next status, together with what is known by then. */
  move(name: string, status: TrainingJobStatus, secondary: SecondaryStatus, facts?: Partial<TrainingJob>): TrainingJob;
}

export const trainingJobs = (context: SageMakerContext, records: Collection<TrainingJob>): TrainingJobs => {
  const keep = (job: TrainingJob): TrainingJob => {
    records.put(job.TrainingJobName, job);
    const tags = tagMap(context.tags.get(job.TrainingJobArn));
    context.announce('SageMaker Training Job State Change', job.TrainingJobArn, eventDetail(job, tags));
    return job;
  };
  return {
    records,
    create({ Tags = [], ...request }) {
      const now = new Date();
      const arn = arnOf(context.account, 'training-job', request.TrainingJobName);
      context.tags.add(arn, Tags);
      return keep({
        ...request,
        TrainingJobArn: arn,
        TrainingJobStatus: 'InProgress',
        SecondaryStatus: 'Starting',
        SecondaryStatusTransitions: [{ Status: 'Starting', StartTime: now, StatusMessage: STATUS_MESSAGES.Starting }],
        CreationTime: now,
        LastModifiedTime: now,
      });
    },
    move(name, status, secondary, facts = {}) {
      const job = records.get(name)!;
      const now = new Date();
      const isOver = ['Completed', 'Failed', 'Stopped'].includes(status);
      return keep({
        ...job,
        ...facts,
        ...(isOver ? runtimeOf(job, now) : {}),
        TrainingJobStatus: status,
        SecondaryStatus: secondary,
        SecondaryStatusTransitions: addTransition(job.SecondaryStatusTransitions, secondary, now, isOver),
        LastModifiedTime: now,
      });
    },
  };
};

const STATUS_MESSAGES: Readonly<Record<SecondaryStatus, string>> = {
  Starting: 'Preparing the instances for training',
  Downloading: 'Downloading input data',
  Training: 'Training image download completed. Training in progress.',
  Uploading: 'Uploading generated training model',
  Stopping: 'Stopping the training job',
  Stopped: 'Training job stopped',
  MaxRuntimeExceeded: 'Training job runtime exceeded MaxRuntimeInSeconds provided',
  Completed: 'Training job completed',
  Failed: 'Training job failed',
};

const addTransition = (
  earlier: readonly Transition[],
  Status: SecondaryStatus,
  now: Date,
  isOver: boolean,
): Transition[] => [
  ...earlier.map((transition) => (transition.EndTime ? transition : { ...transition, EndTime: now })),
  { Status, StartTime: now, ...(isOver ? { EndTime: now } : {}), StatusMessage: STATUS_MESSAGES[Status] },
];

const runtimeOf = ({ TrainingStartTime }: TrainingJob, now: Date): Partial<TrainingJob> => {
  if (!TrainingStartTime) return { TrainingEndTime: now };
  const seconds = Math.max(1, Math.ceil((now.getTime() - TrainingStartTime.getTime()) / 1000));
  return { TrainingEndTime: now, TrainingTimeInSeconds: seconds, BillableTimeInSeconds: seconds };
};

/** The event has no Environment, metrics or billable time: those need a Describe. */
const eventDetail = (job: TrainingJob, Tags: Record<string, string>): Record<string, unknown> =>
  withEpochMilliseconds({
    TrainingJobName: job.TrainingJobName,
    TrainingJobArn: job.TrainingJobArn,
    ModelArtifacts: job.ModelArtifacts,
    TrainingJobStatus: job.TrainingJobStatus,
    SecondaryStatus: job.SecondaryStatus,
    FailureReason: job.FailureReason ?? null,
    HyperParameters: job.HyperParameters,
    AlgorithmSpecification: job.AlgorithmSpecification,
    RoleArn: job.RoleArn,
    InputDataConfig: job.InputDataConfig ?? [],
    OutputDataConfig: job.OutputDataConfig,
    ResourceConfig: job.ResourceConfig,
    VpcConfig: job.VpcConfig,
    StoppingCondition: job.StoppingCondition,
    CreationTime: job.CreationTime,
    TrainingStartTime: job.TrainingStartTime ?? null,
    TrainingEndTime: job.TrainingEndTime ?? null,
    LastModifiedTime: job.LastModifiedTime,
    SecondaryStatusTransitions: job.SecondaryStatusTransitions,
    Tags,
  }) as Record<string, unknown>;
