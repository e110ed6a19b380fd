import * as z from 'zod';
import {
  echoed,
  Image,
  InstanceType,
  JobName,
  listing,
  oneOf,
  pattern,
  RoleArn,
  S3ObjectUri,
  Tags,
  text,
  textMap,
  VpcConfig,
} from '../validation/members.ts';

const PIPE_REFUSED = {
  Pipe: "The laptop's SageMaker reads channels in the modes File and FastFile; Pipe is not supported",
};
const InputMode = oneOf(['File', 'FastFile'], PIPE_REFUSED);

const S3DataSource = z.strictObject({
  S3DataType: oneOf(['S3Prefix'], {
    ManifestFile: "The laptop's SageMaker reads S3Prefix channels; ManifestFile is not supported",
    AugmentedManifestFile: "The laptop's SageMaker reads S3Prefix channels; AugmentedManifestFile is not supported",
  }),
  S3Uri: S3ObjectUri,
  /** With one instance a share by key is the whole. */
  S3DataDistributionType: z.enum(['FullyReplicated', 'ShardedByS3Key']).optional(),
});

const Channel = z.strictObject({
  ChannelName: pattern(64, '[A-Za-z0-9\\.\\-_]+', 1).refine((name) => !/^\.+$/.test(name), {
    error: 'Member must be usable as the name of a folder',
  }),
  DataSource: z.strictObject({ S3DataSource }),
  ContentType: text(256).optional(),
  CompressionType: oneOf(['None'], {
    Gzip: "The laptop's SageMaker does not decompress channels; use None",
  }).optional(),
  RecordWrapperType: oneOf(['None'], { RecordIO: "The laptop's SageMaker does not wrap records; use None" }).optional(),
  InputMode: InputMode.optional(),
});
export type Channel = z.infer<typeof Channel>;

const MetricDefinition = z.strictObject({
  Name: text(255, 1),
  Regex: text(500, 1).refine(compiles, { error: 'Member must be a regular expression' }),
});
export type MetricDefinition = z.infer<typeof MetricDefinition>;

const ResourceConfig = z.strictObject({
  InstanceType,
  InstanceCount: z
    .int()
    .min(1)
    .refine((count) => count <= 1, { error: "The laptop's SageMaker trains on one instance; InstanceCount must be 1" }),
  VolumeSizeInGB: z.int().min(1).optional(),
  VolumeKmsKeyId: text(2048).optional(),
  KeepAlivePeriodInSeconds: z.int().min(0).max(21_600).optional(),
});

const StoppingCondition = z.strictObject({
  MaxRuntimeInSeconds: z.int().min(1).max(2_419_200).optional(),
  MaxWaitTimeInSeconds: z.int().min(1).optional(),
  MaxPendingTimeInSeconds: z.int().min(7_200).max(2_419_200).optional(),
});

/** A script that SageMaker's own images would run; built-in algorithms have no script and can't run on a laptop. */
const HyperParameters = textMap(100, text(256), text(2500)).superRefine((map, context) => {
  for (const key of ['sagemaker_program', 'sagemaker_submit_directory']) {
    if (map[key]) continue;
    context.addIssue({
      code: 'custom',
      path: [key],
      message: "The laptop's SageMaker runs training scripts (script mode), so this hyperparameter is needed",
    });
  }
});

export const CreateTrainingJobInput = z
  .strictObject({
    TrainingJobName: JobName,
    HyperParameters,
    AlgorithmSpecification: z.strictObject({
      TrainingImage: Image,
      TrainingInputMode: InputMode,
      MetricDefinitions: z.array(MetricDefinition).max(40).optional(),
      EnableSageMakerMetricsTimeSeries: z.boolean().optional(),
    }),
    RoleArn,
    InputDataConfig: z.array(Channel).min(1).max(20).optional(),
    OutputDataConfig: z.strictObject({
      S3OutputPath: S3ObjectUri,
      KmsKeyId: text(2048).optional(),
      CompressionType: oneOf(['GZIP'], {
        NONE: "The laptop's SageMaker packs artifacts as tar.gz; use GZIP",
      }).optional(),
    }),
    ResourceConfig,
    StoppingCondition,
    VpcConfig: VpcConfig.optional(),
    Tags: Tags.optional(),
    EnableNetworkIsolation: z.boolean().optional(),
    EnableInterContainerTrafficEncryption: z.boolean().optional(),
    EnableManagedSpotTraining: z.boolean().optional(),
    CheckpointConfig: z
      .strictObject({ S3Uri: S3ObjectUri, LocalPath: pattern(4096, '/opt/ml/[^/.][^/]*(/[^/.][^/]*)*').optional() })
      .optional(),
    Environment: textMap(100, pattern(512, '[a-zA-Z_][a-zA-Z0-9_]*'), text(512)).optional(),
    RetryStrategy: z.strictObject({ MaximumRetryAttempts: z.int().min(1).max(30) }).optional(),
    DebugHookConfig: echoed.optional(),
    ProfilerConfig: echoed.optional(),
    ExperimentConfig: echoed.optional(),
    TensorBoardOutputConfig: echoed.optional(),
  })
  .superRefine((request, context) => {
    const names = (request.InputDataConfig ?? []).map(({ ChannelName }) => ChannelName);
    if (new Set(names).size < names.length) {
      context.addIssue({
        code: 'custom',
        path: ['InputDataConfig'],
        input: names,
        message: 'Channel names must be unique',
      });
    }
    const { MaxRuntimeInSeconds = 86_400, MaxWaitTimeInSeconds } = request.StoppingCondition;
    const problem = request.EnableManagedSpotTraining
      ? (MaxWaitTimeInSeconds ?? 0) < MaxRuntimeInSeconds &&
        'Member must be present and greater than or equal to MaxRuntimeInSeconds with managed spot training'
      : MaxWaitTimeInSeconds !== undefined && 'Member needs EnableManagedSpotTraining';
    if (!problem) return;
    const path = ['StoppingCondition', 'MaxWaitTimeInSeconds'];
    context.addIssue({ code: 'custom', path, input: MaxWaitTimeInSeconds, message: problem });
  });
export type CreateTrainingJobInput = z.infer<typeof CreateTrainingJobInput>;

export const TrainingJobNameInput = z.strictObject({ TrainingJobName: JobName });

export const ListTrainingJobsInput = z.strictObject({
  ...listing(['Name', 'CreationTime', 'Status']),
  StatusEquals: z.enum(['InProgress', 'Completed', 'Failed', 'Stopping', 'Stopped', 'Deleting']).optional(),
});

function compiles(source: string): boolean {
  try {
    new RegExp(source);
    return true;
  } catch {
    return false;
  }
}
