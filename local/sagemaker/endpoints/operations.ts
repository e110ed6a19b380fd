import { join } from 'node:path';
import * as z from 'zod';
import type { Operation } from '#local/http/aws-json.ts';
import { volumeKeyChecks } from '../access/keys.ts';
import { arnOf } from '../arns.ts';
import type { SageMakerContext } from '../context.ts';
import { failureReason } from '../job-failure.ts';
import { listPage } from '../listing.ts';
import { checkQuota } from '../quotas.ts';
import type { ModelContainer } from '../serving/container.ts';
import { openCollection } from '../store.ts';
import { EntityName, echoed, listing, Tags } from '../validation/members.ts';
import { operation, refuse } from '../validation/request.ts';
import type { EndpointConfig } from './configs.ts';
import { isServerless } from './configs.ts';
import type { Deployment, Endpoint } from './endpoint.ts';
import { describeEndpoint, endpoints as openEndpoints } from './endpoint.ts';
import type { Fleet } from './fleet.ts';
import { openFleet } from './fleet.ts';

const EndpointNameInput = z.strictObject({ EndpointName: EntityName });

const CreateEndpointInput = z.strictObject({
  EndpointName: EntityName,
  EndpointConfigName: EntityName,
  DeploymentConfig: echoed.optional(),
  Tags: Tags.optional(),
});

/** Traffic is shifted all at once, whatever the deployment's configuration; counts and weights have nothing to retain. */
const UpdateEndpointInput = z.strictObject({
  EndpointName: EntityName,
  EndpointConfigName: EntityName,
  DeploymentConfig: echoed.optional(),
  RetainAllVariantProperties: z.boolean().optional(),
  ExcludeRetainedVariantProperties: echoed.optional(),
  RetainDeploymentConfig: z.boolean().optional(),
});

const ListEndpointsInput = z.strictObject({
  ...listing(['Name', 'CreationTime', 'Status']),
  StatusEquals: z.enum(['Creating', 'Updating', 'RollingBack', 'InService', 'Deleting', 'Failed']).optional(),
});

interface Neighbours {
  existingConfig(name: string): EndpointConfig;
  containerOf(modelName: string): ModelContainer;
}

/** The endpoint operations, and the way to the servers for the runtime. */
export const endpointApi = (context: SageMakerContext, { existingConfig, containerOf }: Neighbours) => {
  const endpoints = openEndpoints(context, openCollection<Endpoint>(join(context.dataDir, 'records', 'endpoints')));
  const fleets = new Map<string, Fleet>();

  const existing = (name: string): Endpoint => {
    const endpoint = endpoints.records.get(name);
    if (!endpoint) throw refuse(`Could not find endpoint "${arnOf(context.account, 'endpoint', name)}".`);
    return endpoint;
  };

  const deploymentOf = (configName: string): Deployment => {
    const config = existingConfig(configName);
    return {
      EndpointConfigName: configName,
      ProductionVariants: config.ProductionVariants,
      AsyncInferenceConfig: config.AsyncInferenceConfig,
      DataCaptureConfig: config.DataCaptureConfig,
      containers: Object.fromEntries(
        config.ProductionVariants.map((variant) => [variant.VariantName, containerOf(variant.ModelName)]),
      ),
    };
  };

  /** Whoever deploys a configuration hands its key on to the volumes of the instances. */
  const volumeKeys = (configName: string) => volumeKeyChecks(context.account, existingConfig(configName).KmsKeyId);

  /** The servers of an endpoint in service; after a restart they are started by the first call. */
  const fleetOf = (endpoint: Endpoint): Fleet => {
    const fleet = fleets.get(endpoint.EndpointName) ?? openFleet(context, endpoint.EndpointName, endpoint.deployment);
    fleets.set(endpoint.EndpointName, fleet);
    return fleet;
  };

  const create = async ({ EndpointName, deployment }: Endpoint): Promise<void> => {
    const fleet = openFleet(context, EndpointName, deployment);
    try {
      await fleet.start();
    } catch (error) {
      if (context.background.closing.aborted) return;
      endpoints.move(EndpointName, 'Failed', { FailureReason: failureReason(error) });
      return;
    }
    fleets.set(EndpointName, fleet);
    endpoints.move(EndpointName, 'InService');
  };

  /** Blue serves until green has passed its ping; if green fails, blue and its configuration stay. */
  const update = async ({ EndpointName, pending }: Endpoint): Promise<void> => {
    const { StartTime: _, ...deployment } = pending!;
    const green = openFleet(context, EndpointName, deployment);
    try {
      await green.start();
    } catch (error) {
      if (context.background.closing.aborted) return;
      endpoints.move(EndpointName, 'RollingBack');
      endpoints.move(EndpointName, 'InService', { pending: undefined, FailureReason: failureReason(error) });
      return;
    }
    const blue = fleets.get(EndpointName);
    fleets.set(EndpointName, green);
    endpoints.move(EndpointName, 'InService', { deployment, pending: undefined });
    await blue?.retire();
  };

  const remove = async ({ EndpointName, EndpointArn }: Endpoint): Promise<void> => {
    await fleets.get(EndpointName)?.retire();
    fleets.delete(EndpointName);
    endpoints.records.delete(EndpointName);
    context.tags.deleteAll(EndpointArn);
  };

  const operations: Record<string, Operation> = {
    CreateEndpoint: operation(CreateEndpointInput, (input, caller) => {
      const arn = arnOf(context.account, 'endpoint', input.EndpointName);
      if (endpoints.records.find(input.EndpointName)) throw refuse(`Cannot create already existing endpoint "${arn}".`);
      const deployment = deploymentOf(input.EndpointConfigName);
      caller.authorize(...volumeKeys(input.EndpointConfigName));
      checkInstances(context, endpoints.records.all(), deployment);
      context.tags.add(arn, input.Tags ?? []);
      const endpoint = endpoints.create(input.EndpointName, deployment);
      context.background.run(() => create(endpoint));
      return { EndpointArn: arn };
    }),
    DescribeEndpoint: operation(EndpointNameInput, (input) => describeEndpoint(existing(input.EndpointName))),
    UpdateEndpoint: operation(UpdateEndpointInput, (input, caller) => {
      const endpoint = settled(existing(input.EndpointName));
      if (endpoint.EndpointStatus === 'Failed')
        throw refuse(
          `Cannot update endpoint "${endpoint.EndpointArn}" in status Failed. Delete it and create it anew.`,
        );
      const deployment = deploymentOf(input.EndpointConfigName);
      if (
        deployment.ProductionVariants.some(isServerless) &&
        !endpoint.deployment.ProductionVariants.some(isServerless)
      ) {
        throw refuse(`Cannot update endpoint "${endpoint.EndpointArn}" from instances to serverless.`);
      }
      caller.authorize(...volumeKeys(input.EndpointConfigName));
      const updating = endpoints.move(input.EndpointName, 'Updating', {
        pending: { ...deployment, StartTime: new Date() },
        FailureReason: undefined,
        ...(input.DeploymentConfig === undefined ? {} : { LastDeploymentConfig: input.DeploymentConfig }),
      });
      context.background.run(() => update(updating));
      return { EndpointArn: endpoint.EndpointArn };
    }),
    DeleteEndpoint: operation(EndpointNameInput, (input) => {
      settled(existing(input.EndpointName));
      const deleting = endpoints.move(input.EndpointName, 'Deleting');
      context.background.run(() => remove(deleting));
    }),
    ListEndpoints: operation(ListEndpointsInput, (input) => {
      const items = endpoints.records
        .all()
        .filter((endpoint) => !input.StatusEquals || endpoint.EndpointStatus === input.StatusEquals)
        .map((endpoint) => ({
          endpoint,
          name: endpoint.EndpointName,
          status: endpoint.EndpointStatus,
          createdAt: endpoint.CreationTime,
          modifiedAt: endpoint.LastModifiedTime,
        }));
      const { page, NextToken } = listPage(items, input);
      return { Endpoints: page.map(({ endpoint }) => summaryOf(endpoint)), NextToken };
    }),
  };

  return {
    operations,
    exists: (arn: string) => endpoints.records.all().some(({ EndpointArn }) => EndpointArn === arn),
    recover() {
      for (const endpoint of endpoints.records.all()) {
        const resume = RESUMED[endpoint.EndpointStatus];
        if (resume) context.background.run(() => ({ create, update, remove })[resume](endpoint));
      }
    },
    /** The servers behind an endpoint that takes calls, or undefined. */
    serving(name: string): Fleet | undefined {
      const endpoint = endpoints.records.get(name);
      return endpoint && ['InService', 'Updating', 'RollingBack'].includes(endpoint.EndpointStatus)
        ? fleetOf(endpoint)
        : undefined;
    },
  };
};

const RESUMED: Readonly<Partial<Record<Endpoint['EndpointStatus'], 'create' | 'update' | 'remove'>>> = {
  Creating: 'create',
  Updating: 'update',
  RollingBack: 'update',
  Deleting: 'remove',
};

const settled = (endpoint: Endpoint): Endpoint => {
  if (endpoint.EndpointStatus === 'InService' || endpoint.EndpointStatus === 'Failed') return endpoint;
  throw refuse(`Cannot update in-progress endpoint "${endpoint.EndpointArn}".`);
};

const checkInstances = (
  { settings }: SageMakerContext,
  all: readonly Endpoint[],
  { ProductionVariants }: Deployment,
): void => {
  const inUse = all
    .filter(({ EndpointStatus }) => EndpointStatus !== 'Failed')
    .flatMap(({ deployment }) => deployment.ProductionVariants);
  for (const { InstanceType, InitialInstanceCount = 0 } of ProductionVariants) {
    const used = inUse.filter((variant) => variant.InstanceType === InstanceType);
    checkQuota(settings.quotas, {
      name: `${InstanceType} for endpoint usage`,
      used: used.reduce((total, variant) => total + (variant.InitialInstanceCount ?? 0), 0),
      wanted: InitialInstanceCount,
    });
  }
};

const summaryOf = ({ EndpointName, EndpointArn, EndpointStatus, CreationTime, LastModifiedTime }: Endpoint) => ({
  EndpointName,
  EndpointArn,
  EndpointStatus,
  CreationTime,
  LastModifiedTime,
});
