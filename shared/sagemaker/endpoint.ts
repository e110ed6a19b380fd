import type { SageMakerDeployment } from '#shared/pipeline/definition.ts';
import { lastingName } from '#shared/pipeline/run.ts';
import { contentName } from '#shared/sagemaker/model.ts';
import type { Tag } from '#shared/sagemaker/tags.ts';

/** Endpoints of SageMaker and their configurations. */
export interface Endpoints {
  /** It is no error when the configuration exists: its name stands for its content. */
  createEndpointConfig(request: EndpointConfigRequest): Promise<void>;
  /** Throws EndpointBusyError when there is an endpoint of that name by now. */
  createEndpoint(request: { EndpointName: string; EndpointConfigName: string; Tags: Tag[] }): Promise<void>;
  /** Throws EndpointBusyError while another change is under way. */
  updateEndpoint(request: { EndpointName: string; EndpointConfigName: string }): Promise<void>;
  deleteEndpoint(endpointName: string): Promise<void>;
  describeEndpoint(endpointName: string): Promise<EndpointDescription | undefined>;
  /** The model that a configuration serves. */
  modelOfEndpointConfig(endpointConfigName: string): Promise<string | undefined>;
  /** What a configuration's model runs on; undefined when there is no such configuration. */
  kindOfEndpointConfig(endpointConfigName: string): Promise<EndpointKind | undefined>;
}

export type EndpointKind = 'instances' | 'serverless';

/** What we send of CreateEndpointConfig. */
export interface EndpointConfigRequest {
  readonly EndpointConfigName: string;
  readonly ProductionVariants: ProductionVariant[];
  readonly KmsKeyId?: string;
  readonly Tags: Tag[];
}

interface ProductionVariant {
  readonly VariantName: 'AllTraffic';
  readonly ModelName: string;
  readonly InitialVariantWeight?: number;
  readonly InitialInstanceCount?: number;
  readonly InstanceType?: string;
  readonly ServerlessConfig?: { readonly MemorySizeInMB: number; readonly MaxConcurrency: number };
}

/** What we read of DescribeEndpoint. */
export interface EndpointDescription {
  readonly EndpointName?: string | undefined;
  readonly EndpointConfigName?: string | undefined;
  readonly EndpointStatus?: string | undefined;
  readonly FailureReason?: string | undefined;
  readonly LastModifiedTime?: Date | undefined;
  readonly PendingDeploymentSummary?: { readonly EndpointConfigName?: string | undefined } | undefined;
}

/** The endpoint's name stays from run to run, so that its callers needn't be told. */
export const endpointNameOf = (
  owner: { readonly pipeline: string; readonly stage: string | undefined },
  { endpointName }: SageMakerDeployment,
): string => endpointName ?? lastingName(owner);

/** CreateEndpointConfig for one model behind all traffic, on instances or serverless. */
export const endpointConfigRequest = (
  namePrefix: string,
  modelName: string,
  deployment: SageMakerDeployment,
  { kmsKeyId, tags }: { readonly kmsKeyId?: string | undefined; readonly tags: Tag[] },
): EndpointConfigRequest => {
  const content = {
    ProductionVariants: [{ VariantName: 'AllTraffic' as const, ModelName: modelName, ...capacity(deployment) }],
    // A serverless variant has no volume of its own to encrypt.
    ...(kmsKeyId && !deployment.serverless && { KmsKeyId: kmsKeyId }),
  };
  return { EndpointConfigName: contentName(namePrefix, content), ...content, Tags: tags };
};

/** What a model's variant runs on. */
export const capacity = ({ instances, serverless }: SageMakerDeployment) =>
  serverless
    ? { ServerlessConfig: { MemorySizeInMB: serverless.memorySizeMb, MaxConcurrency: serverless.maxConcurrency } }
    : {
        InitialVariantWeight: 1,
        InitialInstanceCount: instances?.count ?? 1,
        InstanceType: instances?.type ?? 'ml.m5.large',
      };

/** Memory of a serverless variant is shared by its workers; more than one would each load the model. */
export const serverEnvironment = ({ environment, serverless }: SageMakerDeployment): Record<string, string> => ({
  ...environment,
  ...(serverless && { SAGEMAKER_MODEL_SERVER_WORKERS: '1' }),
});
