import { createHash } from 'node:crypto';
import type { ModelRecord } from '#shared/models/model-record.ts';
import type { Run } from '#shared/pipeline/run.ts';
import { type Tag, tagsOf } from '#shared/sagemaker/tags.ts';

/** Models of SageMaker: an image, a model.tar.gz and an environment, ready to be served. */
export interface Models {
  /** It is no error when the model exists: its name stands for its content. */
  createModel(request: ModelRequest): Promise<void>;
}

/** What we send of CreateModel. */
export interface ModelRequest {
  readonly ModelName: string;
  readonly ExecutionRoleArn: string;
  readonly PrimaryContainer: {
    readonly Image: string;
    readonly ModelDataUrl: string;
    readonly Environment: Record<string, string>;
  };
  readonly VpcConfig?: { readonly Subnets: string[]; readonly SecurityGroupIds: string[] };
  readonly Tags: Tag[];
}

export interface ModelSettings {
  readonly region: string;
  readonly modelRoleArn: string;
}

/**
 * CreateModel for a model of the register, with its code on S3 beside it, as SageMaker's Python SDK sends it.
 *
 * @param environment the user's own variables and the server's settings, over the containers' four.
 */
export const modelRequest = (
  record: ModelRecord,
  run: Run,
  environment: Readonly<Record<string, string>>,
  { region, modelRoleArn }: ModelSettings,
): ModelRequest => {
  const { vpc, tags } = run.definition.training;
  const content = {
    ExecutionRoleArn: modelRoleArn,
    PrimaryContainer: servingContainer(record, environment, region),
    ...(vpc && { VpcConfig: { Subnets: vpc.subnets, SecurityGroupIds: vpc.securityGroupIds } }),
  };
  return {
    ModelName: contentName(modelPrefix(record.trainingJobName), [
      content,
      record.modelArchive.sha256,
      record.sourceArchive.sha256,
    ]),
    ...content,
    Tags: tagsOf(run, tags),
  };
};

/** The container that serves a model, as SageMaker's Python SDK describes it: the image, the model, and the containers' four variables. */
export const servingContainer = (
  {
    imageUri,
    modelArchive,
    entryPoint,
    sourceArchive,
  }: Pick<ModelRecord, 'imageUri' | 'modelArchive' | 'entryPoint' | 'sourceArchive'>,
  environment: Readonly<Record<string, string>>,
  region: string,
): ModelRequest['PrimaryContainer'] => ({
  Image: imageUri,
  ModelDataUrl: modelArchive.uri,
  Environment: {
    SAGEMAKER_PROGRAM: entryPoint,
    SAGEMAKER_SUBMIT_DIRECTORY: sourceArchive.uri,
    SAGEMAKER_CONTAINER_LOG_LEVEL: '20',
    SAGEMAKER_REGION: region,
    ...environment,
  },
});

/** Whether a model of ours was made of a training job. */
export const isModelOf = (modelName: string, trainingJobName: string): boolean =>
  modelName.slice(0, -(SUFFIX_LENGTH + 1)) === modelPrefix(trainingJobName);

/** What names of models begin with: a job from elsewhere may have a name that leaves no room for the suffix. */
export const modelPrefix = (trainingJobName: string): string =>
  trainingJobName.length <= MAX_PREFIX_LENGTH
    ? trainingJobName
    : contentName(trainingJobName.slice(0, MAX_PREFIX_LENGTH - SUFFIX_LENGTH - 1), trainingJobName);

const SUFFIX_LENGTH = 8;

/** Names of models have up to 63 characters. */
const MAX_PREFIX_LENGTH = 63 - SUFFIX_LENGTH - 1;

/** A name that stands for what it names: models and endpoint configurations can't be changed, so the same name is the same. */
export const contentName = (prefix: string, content: unknown): string =>
  `${prefix}-${createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, SUFFIX_LENGTH)}`;
