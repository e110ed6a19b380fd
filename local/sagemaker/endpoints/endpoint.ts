import { arnOf } from '../arns.ts';
import type { SageMakerContext } from '../context.ts';
import { withEpochMilliseconds } from '../events.ts';
import type { ModelContainer } from '../serving/container.ts';
import type { Collection } from '../store.ts';
import { tagMap } from '../tags.ts';
import type { EndpointConfig, ProductionVariant } from './configs.ts';

/** The API's statuses; events carry them in UPPER_SNAKE. */
export type EndpointStatus = 'Creating' | 'Updating' | 'RollingBack' | 'InService' | 'Deleting' | 'Failed';

/** A configuration and its containers as they were when the deployment began; either may be deleted since. */
export interface Deployment {
  readonly EndpointConfigName: string;
  readonly ProductionVariants: readonly ProductionVariant[];
  readonly AsyncInferenceConfig?: EndpointConfig['AsyncInferenceConfig'];
  readonly DataCaptureConfig?: unknown;
  /** By the variant's name. */
  readonly containers: Readonly<Record<string, ModelContainer>>;
}

export interface Endpoint {
  readonly EndpointName: string;
  readonly EndpointArn: string;
  readonly EndpointStatus: EndpointStatus;
  readonly FailureReason?: string | undefined;
  readonly CreationTime: Date;
  readonly LastModifiedTime: Date;
  readonly LastDeploymentConfig?: unknown;
  readonly deployment: Deployment;
  /** What an update is moving to. */
  readonly pending?: (Deployment & { readonly StartTime: Date }) | undefined;
}

/** The account's endpoints; each change of a status is kept on disk before its event goes out. */
export interface Endpoints {
  readonly records: Collection<Endpoint>;
  create(name: string, deployment: Deployment): Endpoint;
  move(name: string, status: EndpointStatus, facts?: Partial<Endpoint>): Endpoint;
}

export const endpoints = (context: SageMakerContext, records: Collection<Endpoint>): Endpoints => {
  const keep = (endpoint: Endpoint): Endpoint => {
    records.put(endpoint.EndpointName, endpoint);
    const tags = tagMap(context.tags.get(endpoint.EndpointArn));
    context.announce('SageMaker Endpoint State Change', endpoint.EndpointArn, eventDetail(endpoint, tags));
    return endpoint;
  };
  return {
    records,
    create(name, deployment) {
      const now = new Date();
      return keep({
        EndpointName: name,
        EndpointArn: arnOf(context.account, 'endpoint', name),
        EndpointStatus: 'Creating',
        CreationTime: now,
        LastModifiedTime: now,
        deployment,
      });
    },
    move: (name, EndpointStatus, facts = {}) =>
      keep({ ...records.get(name)!, ...facts, EndpointStatus, LastModifiedTime: new Date() }),
  };
};

/** DescribeEndpoint's answer. During an update it is still about the old configuration, the new one is pending. */
export const describeEndpoint = ({ deployment, pending, ...endpoint }: Endpoint): Record<string, unknown> => ({
  ...endpoint,
  EndpointConfigName: deployment.EndpointConfigName,
  ProductionVariants:
    endpoint.EndpointStatus === 'Failed'
      ? undefined
      : deployment.ProductionVariants.map((variant) => variantSummary(variant, deployment)),
  DataCaptureConfig: deployment.DataCaptureConfig,
  AsyncInferenceConfig: deployment.AsyncInferenceConfig,
  PendingDeploymentSummary: pending && {
    EndpointConfigName: pending.EndpointConfigName,
    StartTime: pending.StartTime,
    ProductionVariants: pending.ProductionVariants.map((variant) => ({
      VariantName: variant.VariantName,
      DesiredWeight: weightOf(variant),
      DesiredInstanceCount: variant.InitialInstanceCount,
      InstanceType: variant.InstanceType,
      DesiredServerlessConfig: variant.ServerlessConfig,
    })),
  },
});

export const weightOf = ({ InitialVariantWeight = 1 }: ProductionVariant): number => InitialVariantWeight;

const variantSummary = (variant: ProductionVariant, { containers }: Deployment) => ({
  VariantName: variant.VariantName,
  DeployedImages: [
    { SpecifiedImage: containers[variant.VariantName]?.Image, ResolvedImage: containers[variant.VariantName]?.Image },
  ],
  CurrentWeight: weightOf(variant),
  DesiredWeight: weightOf(variant),
  CurrentInstanceCount: variant.InitialInstanceCount,
  DesiredInstanceCount: variant.InitialInstanceCount,
  CurrentServerlessConfig: variant.ServerlessConfig,
  DesiredServerlessConfig: variant.ServerlessConfig,
});

const eventDetail = (endpoint: Endpoint, Tags: Record<string, string>): Record<string, unknown> =>
  withEpochMilliseconds({
    EndpointName: endpoint.EndpointName,
    EndpointArn: endpoint.EndpointArn,
    EndpointConfigName: endpoint.deployment.EndpointConfigName,
    ProductionVariants: endpoint.deployment.ProductionVariants.map((variant) => ({
      DesiredWeight: weightOf(variant),
      DesiredInstanceCount: variant.InitialInstanceCount,
    })),
    EndpointStatus: upperSnake(endpoint.EndpointStatus),
    FailureReason: endpoint.FailureReason ?? null,
    CreationTime: endpoint.CreationTime,
    LastModifiedTime: endpoint.LastModifiedTime,
    Tags,
  }) as Record<string, unknown>;

const upperSnake = (status: EndpointStatus): string => status.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
