import { type DatasetManifest, folderOf } from '#shared/dataset/manifest.ts';
import type { Run } from '#shared/pipeline/run.ts';
import { sourceArchiveUri, sourceFolderUri } from '#shared/sagemaker/source-archive.ts';
import { type Tag, tagsOf } from '#shared/sagemaker/tags.ts';
import { runFolderIn } from '#shared/store/layout.ts';

/** Training jobs of SageMaker. */
export interface TrainingJobs {
  /** Starts a job; `exists` when its name is taken, for ever, by this job or another. Throws CapacityUnavailableError. */
  createTrainingJob(request: TrainingJobRequest): Promise<'created' | 'exists'>;
  describeTrainingJob(name: string): Promise<TrainingJobDescription | undefined>;
  /** False when there is no such job. One that has ended stays as it is. */
  stopTrainingJob(name: string): Promise<boolean>;
}

/** What we send of CreateTrainingJob. */
export interface TrainingJobRequest {
  readonly TrainingJobName: string;
  readonly AlgorithmSpecification: {
    readonly TrainingInputMode: 'File';
    readonly TrainingImage: string;
    readonly MetricDefinitions?: { readonly Name: string; readonly Regex: string }[];
  };
  readonly RoleArn: string;
  readonly InputDataConfig: Channel[];
  readonly OutputDataConfig: { readonly S3OutputPath: string; readonly KmsKeyId?: string };
  readonly ResourceConfig: {
    readonly InstanceType: string;
    readonly InstanceCount: number;
    readonly VolumeSizeInGB: number;
    readonly VolumeKmsKeyId?: string;
  };
  readonly StoppingCondition: { readonly MaxRuntimeInSeconds: number; readonly MaxWaitTimeInSeconds?: number };
  readonly EnableManagedSpotTraining?: boolean;
  readonly CheckpointConfig?: { readonly S3Uri: string };
  readonly HyperParameters: Record<string, string>;
  readonly Environment?: Record<string, string>;
  readonly VpcConfig?: { readonly Subnets: string[]; readonly SecurityGroupIds: string[] };
  readonly EnableNetworkIsolation?: boolean;
  readonly ProfilerConfig: { readonly DisableProfiler: boolean };
  readonly Tags: Tag[];
}

export interface Channel {
  readonly ChannelName: string;
  readonly ContentType?: string | undefined;
  readonly DataSource: {
    readonly S3DataSource: {
      readonly S3DataType: 'S3Prefix';
      readonly S3Uri: string;
      readonly S3DataDistributionType: 'FullyReplicated';
    };
  };
}

/** What we read of DescribeTrainingJob. */
export interface TrainingJobDescription {
  readonly TrainingJobName?: string | undefined;
  readonly TrainingJobStatus?: string | undefined;
  readonly SecondaryStatus?: string | undefined;
  readonly FailureReason?: string | undefined;
  readonly ModelArtifacts?: { readonly S3ModelArtifacts?: string | undefined } | undefined;
  readonly FinalMetricDataList?:
    | { readonly MetricName?: string | undefined; readonly Value?: number | undefined }[]
    | undefined;
  readonly HyperParameters?: Record<string, string> | undefined;
  readonly AlgorithmSpecification?: { readonly TrainingImage?: string | undefined } | undefined;
  readonly OutputDataConfig?: { readonly S3OutputPath?: string | undefined } | undefined;
  readonly TrainingTimeInSeconds?: number | undefined;
  readonly BillableTimeInSeconds?: number | undefined;
}

export interface TrainingJobSettings {
  readonly region: string;
  readonly trainingRoleArn: string;
}

/** Where a run's training jobs leave their models, each in a folder of its name. */
export const trainingOutputUri = (runUri: string): string => runFolderIn(runUri, 'training-output');

/** CreateTrainingJob as SageMaker's Python SDK sends it in script mode, for one attempt of a run. */
export const trainingJobRequest = (
  name: string,
  { definition, pipeline, runId, runUri }: Run,
  datasets: { readonly train: DatasetManifest; readonly test: DatasetManifest },
  imageUri: string,
  { region, trainingRoleArn }: TrainingJobSettings,
): TrainingJobRequest => {
  const { training } = definition;
  return {
    TrainingJobName: name,
    AlgorithmSpecification: {
      TrainingInputMode: 'File',
      TrainingImage: imageUri,
      ...(training.metrics.length > 0 && {
        MetricDefinitions: training.metrics.map(({ name, regex }) => ({ Name: name, Regex: regex })),
      }),
    },
    RoleArn: trainingRoleArn,
    InputDataConfig: [
      channel('train', folderOf(datasets.train), CONTENT_TYPES[datasets.train.format.type]),
      channel('test', folderOf(datasets.test), CONTENT_TYPES[datasets.test.format.type]),
      ...(training.networkIsolation ? [channel('code', sourceFolderUri(runUri))] : []),
    ],
    OutputDataConfig: {
      S3OutputPath: trainingOutputUri(runUri).replace(/\/$/, ''),
      ...(training.kmsKeyId && { KmsKeyId: training.kmsKeyId }),
    },
    ResourceConfig: {
      InstanceType: training.instanceType,
      InstanceCount: training.instanceCount,
      VolumeSizeInGB: training.volumeSizeGb,
      ...(training.kmsKeyId && { VolumeKmsKeyId: training.kmsKeyId }),
    },
    StoppingCondition: {
      MaxRuntimeInSeconds: training.maxRuntimeSeconds,
      ...(training.spot && { MaxWaitTimeInSeconds: training.spot.maxWaitSeconds }),
    },
    ...(training.spot && {
      EnableManagedSpotTraining: true,
      CheckpointConfig: { S3Uri: runFolderIn(runUri, 'checkpoints').replace(/\/$/, '') },
    }),
    HyperParameters: hyperParameters(name, region, training, runUri),
    ...(Object.keys(training.environment).length > 0 && { Environment: training.environment }),
    ...(training.vpc && {
      VpcConfig: { Subnets: training.vpc.subnets, SecurityGroupIds: training.vpc.securityGroupIds },
    }),
    ...(training.networkIsolation && { EnableNetworkIsolation: true }),
    ProfilerConfig: { DisableProfiler: true },
    Tags: tagsOf({ pipeline, runId, runUri }, training.tags),
  };
};

const CONTENT_TYPES = { csv: 'text/csv', parquet: 'application/x-parquet' } as const;

/** True when an existing job does what the request asks for, into the same folder: it is an earlier try of this very step. */
export const isSameTrainingJob = (request: TrainingJobRequest, existing: TrainingJobDescription): boolean =>
  existing.OutputDataConfig?.S3OutputPath === request.OutputDataConfig.S3OutputPath &&
  existing.AlgorithmSpecification?.TrainingImage === request.AlgorithmSpecification.TrainingImage &&
  sameEntries(existing.HyperParameters ?? {}, request.HyperParameters);

const channel = (name: string, uri: string, contentType?: string): Channel => ({
  ChannelName: name,
  ...(contentType && { ContentType: contentType }),
  DataSource: {
    S3DataSource: { S3DataType: 'S3Prefix', S3Uri: uri, S3DataDistributionType: 'FullyReplicated' },
  },
});

/** Every value is JSON, as the containers and `SKLearn.attach()` decode it. */
const hyperParameters = (
  name: string,
  region: string,
  training: Run['definition']['training'],
  runUri: string,
): Record<string, string> => {
  const values = {
    ...training.hyperparameters,
    sagemaker_submit_directory: training.networkIsolation
      ? '/opt/ml/input/data/code/sourcedir.tar.gz'
      : sourceArchiveUri(runUri),
    sagemaker_program: training.entryPoint,
    sagemaker_container_log_level: 20,
    sagemaker_job_name: name,
    sagemaker_region: region,
  };
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, JSON.stringify(value)]));
};

const sameEntries = (left: Record<string, string>, right: Record<string, string>): boolean =>
  Object.keys(left).length === Object.keys(right).length &&
  Object.entries(left).every(([key, value]) => right[key] === value);
