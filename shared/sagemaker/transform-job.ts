import { type DatasetManifest, folderOf } from '#shared/dataset/manifest.ts';
import { InvalidPipelineError } from '#shared/errors.ts';
import type { PipelineDefinition } from '#shared/pipeline/definition.ts';
import type { Run } from '#shared/pipeline/run.ts';
import { type Tag, tagsOf } from '#shared/sagemaker/tags.ts';
import { runFolderIn } from '#shared/store/layout.ts';

/** Batch transform jobs of SageMaker. */
export interface TransformJobs {
  /** Starts a job; `exists` when its name is taken. Throws CapacityUnavailableError. */
  createTransformJob(request: TransformJobRequest): Promise<'created' | 'exists'>;
  describeTransformJob(name: string): Promise<TransformJobDescription | undefined>;
  /** False when there is no such job. One that has ended stays as it is. */
  stopTransformJob(name: string): Promise<boolean>;
}

/** What we send of CreateTransformJob. */
export interface TransformJobRequest {
  readonly TransformJobName: string;
  readonly ModelName: string;
  readonly BatchStrategy: 'MultiRecord';
  readonly MaxConcurrentTransforms: number;
  readonly MaxPayloadInMB: number;
  readonly ModelClientConfig: {
    readonly InvocationsTimeoutInSeconds: number;
    readonly InvocationsMaxRetries: number;
  };
  readonly Environment: Readonly<Record<string, string>>;
  readonly TransformInput: {
    readonly DataSource: { readonly S3DataSource: { readonly S3DataType: 'S3Prefix'; readonly S3Uri: string } };
    readonly ContentType: 'text/csv';
    readonly SplitType: 'Line';
  };
  readonly TransformOutput: {
    readonly S3OutputPath: string;
    readonly Accept: 'text/csv';
    readonly AssembleWith: 'Line';
    readonly KmsKeyId?: string;
  };
  readonly TransformResources: {
    readonly InstanceType: string;
    readonly InstanceCount: number;
    readonly VolumeKmsKeyId?: string;
  };
  readonly DataProcessing: {
    readonly InputFilter: string;
    readonly JoinSource: 'Input';
    readonly OutputFilter: string;
  };
  readonly Tags: Tag[];
}

/** What we read of DescribeTransformJob. */
export interface TransformJobDescription {
  readonly TransformJobName?: string | undefined;
  readonly TransformJobStatus?: string | undefined;
  readonly FailureReason?: string | undefined;
  readonly ModelName?: string | undefined;
  /** SageMaker bills the time between the two. */
  readonly TransformStartTime?: Date | undefined;
  readonly TransformEndTime?: Date | undefined;
  readonly TransformOutput?: { readonly S3OutputPath?: string | undefined } | undefined;
}

/** Where predictions to be written lie, by whichever method they were made. */
export const predictionPartsUri = (runUri: string): string => runFolderIn(runUri, 'predictions');

/** CreateTransformJob: the key is kept from the model and joined to its answer again. */
export const transformJobRequest = (
  name: string,
  { definition, pipeline, runId, runUri }: Run,
  modelName: string,
  scoreManifest: DatasetManifest,
): TransformJobRequest => {
  const prediction = definition.prediction!;
  const { kmsKeyId, tags } = definition.training;
  return {
    TransformJobName: name,
    ModelName: modelName,
    BatchStrategy: 'MultiRecord',
    MaxConcurrentTransforms: 1,
    MaxPayloadInMB: Math.ceil((prediction.payloadKb ?? DEFAULT_PAYLOAD_KB) / 1024),
    ModelClientConfig: { InvocationsTimeoutInSeconds: MAX_INVOCATION_SECONDS, InvocationsMaxRetries: 3 },
    Environment: serverTimeout(definition),
    TransformInput: {
      DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: folderOf(scoreManifest) } },
      ContentType: 'text/csv',
      SplitType: 'Line',
    },
    TransformOutput: {
      S3OutputPath: predictionPartsUri(runUri).replace(/\/$/, ''),
      Accept: 'text/csv',
      AssembleWith: 'Line',
      ...(kmsKeyId && { KmsKeyId: kmsKeyId }),
    },
    TransformResources: {
      InstanceType: prediction.instances.type,
      InstanceCount: prediction.instances.count,
      ...(kmsKeyId && { VolumeKmsKeyId: kmsKeyId }),
    },
    DataProcessing: dataProcessing(prediction.source.key.length, scoreManifest.columns.length),
    Tags: tagsOf({ pipeline, runId, runUri }, tags),
  };
};

/** SageMaker's own default. */
const DEFAULT_PAYLOAD_KB = 6 * 1024;

/** The most that SageMaker takes; 600 seconds unless it is told. */
const MAX_INVOCATION_SECONDS = 3600;

/** The server in SageMaker's images ends a request after 60 seconds unless it is told otherwise. */
const serverTimeout = (definition: PipelineDefinition): Record<string, string> => ({
  SAGEMAKER_MODEL_SERVER_TIMEOUT: `${MAX_INVOCATION_SECONDS}`,
  ...Object.fromEntries(
    Object.entries(transformEnvironment(definition)).filter(([name]) => name === 'SAGEMAKER_MODEL_SERVER_TIMEOUT'),
  ),
});

/** The model is served with the same variables by a transform as by the endpoint. */
export const transformEnvironment = ({ deployment }: PipelineDefinition): Record<string, string> =>
  deployment.target === 'sagemaker' ? deployment.environment : {};

export const isSameTransformJob = (request: TransformJobRequest, existing: TransformJobDescription): boolean =>
  existing.ModelName === request.ModelName &&
  existing.TransformOutput?.S3OutputPath === request.TransformOutput.S3OutputPath;

/** DataProcessing's filters, from its service model. */
const MAX_FILTER_LENGTH = 63;

/** A record of the transform is the key, then the features, then the answer. */
const dataProcessing = (keyCount: number, columnCount: number): TransformJobRequest['DataProcessing'] => {
  const keys = Array.from({ length: keyCount }, (_, index) => index).join(',');
  const outputFilter = `$[${keys},${columnCount}:]`;
  if (outputFilter.length > MAX_FILTER_LENGTH) {
    throw new InvalidPipelineError(
      `prediction.source.key has ${keyCount} columns, too many for a batch transform's filter. Use prediction.method: endpoint.`,
    );
  }
  return { InputFilter: `$[${keyCount}:]`, JoinSource: 'Input', OutputFilter: outputFilter };
};
