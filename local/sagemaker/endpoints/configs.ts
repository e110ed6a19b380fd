import { join } from 'node:path';
import * as z from 'zod';
import type { Operation } from '#local/http/aws-json.ts';
import { arnOf } from '../arns.ts';
import type { SageMakerContext } from '../context.ts';
import { listPage } from '../listing.ts';
import { openCollection } from '../store.ts';
import {
  EntityName,
  echoed,
  InstanceType,
  listing,
  ModelName,
  RoleArn,
  S3ObjectUri,
  Tags,
  text,
  VariantName,
  VpcConfig,
} from '../validation/members.ts';
import { operation, refuse } from '../validation/request.ts';

const ServerlessConfig = z.strictObject({
  MemorySizeInMB: z.literal([1024, 2048, 3072, 4096, 5120, 6144]),
  MaxConcurrency: z.int().min(1).max(200),
  ProvisionedConcurrency: z.int().min(1).max(200).optional(),
});

const ProductionVariant = z
  .strictObject({
    VariantName,
    ModelName,
    InitialInstanceCount: z.int().min(1).optional(),
    InstanceType: InstanceType.optional(),
    InitialVariantWeight: z.number().min(0).optional(),
    ServerlessConfig: ServerlessConfig.optional(),
    ModelDataDownloadTimeoutInSeconds: z.int().min(60).max(3600).optional(),
    ContainerStartupHealthCheckTimeoutInSeconds: z.int().min(60).max(3600).optional(),
    VolumeSizeInGB: z.int().min(1).max(512).optional(),
  })
  .refine((variant) => isServerless(variant) !== Boolean(variant.InstanceType && variant.InitialInstanceCount), {
    error: 'Member must have either InstanceType and InitialInstanceCount, or ServerlessConfig',
  });
export type ProductionVariant = z.infer<typeof ProductionVariant>;

const AsyncInferenceConfig = z.strictObject({
  OutputConfig: z.strictObject({
    S3OutputPath: S3ObjectUri,
    S3FailurePath: S3ObjectUri.optional(),
    KmsKeyId: text(2048).optional(),
  }),
  ClientConfig: z.strictObject({ MaxConcurrentInvocationsPerInstance: z.int().min(1).max(1000).optional() }).optional(),
});

const CreateEndpointConfigInput = z
  .strictObject({
    EndpointConfigName: EntityName,
    ProductionVariants: z.array(ProductionVariant).min(1).max(10),
    AsyncInferenceConfig: AsyncInferenceConfig.optional(),
    DataCaptureConfig: echoed.optional(),
    KmsKeyId: text(2048).optional(),
    VpcConfig: VpcConfig.optional(),
    EnableNetworkIsolation: z.boolean().optional(),
    ExecutionRoleArn: RoleArn.optional(),
    Tags: Tags.optional(),
  })
  .superRefine(
    ({ ProductionVariants: variants, DataCaptureConfig, VpcConfig: vpc, EnableNetworkIsolation }, context) => {
      const refuseVariants = (message: string) =>
        context.addIssue({ code: 'custom', path: ['ProductionVariants'], input: variants, message });
      const names = variants.map((variant) => variant.VariantName);
      if (new Set(names).size < names.length) refuseVariants('Variant names must be unique');
      if (!variants.some(isServerless)) return;
      if (variants.length > 1) refuseVariants('A serverless endpoint has exactly one variant');
      const excluded = { DataCaptureConfig, VpcConfig: vpc, EnableNetworkIsolation };
      for (const [member, value] of Object.entries(excluded)) {
        if (value)
          context.addIssue({
            code: 'custom',
            path: [member],
            input: value,
            message: 'Member is not supported by serverless endpoints',
          });
      }
    },
  );

export interface EndpointConfig extends Omit<z.infer<typeof CreateEndpointConfigInput>, 'Tags'> {
  readonly EndpointConfigArn: string;
  readonly CreationTime: Date;
}

export const isServerless = (variant: { readonly ServerlessConfig?: unknown }): boolean =>
  variant.ServerlessConfig !== undefined;

const ConfigNameInput = z.strictObject({ EndpointConfigName: EntityName });

/** The endpoint configuration operations; `checkModel` throws when a variant's model doesn't exist. */
export const endpointConfigApi = (context: SageMakerContext, checkModel: (name: string) => unknown) => {
  const configs = openCollection<EndpointConfig>(join(context.dataDir, 'records', 'endpoint-configs'));
  const arn = (name: string) => arnOf(context.account, 'endpoint-config', name);

  const existing = (name: string): EndpointConfig => {
    const config = configs.get(name);
    if (!config) throw refuse(`Could not find endpoint configuration "${arn(name)}".`);
    return config;
  };

  const operations: Record<string, Operation> = {
    CreateEndpointConfig: operation(CreateEndpointConfigInput, ({ Tags: tags = [], ...input }) => {
      const EndpointConfigArn = arn(input.EndpointConfigName);
      if (configs.find(input.EndpointConfigName)) {
        throw refuse(`Cannot create already existing endpoint configuration "${EndpointConfigArn}".`);
      }
      for (const variant of input.ProductionVariants) checkModel(variant.ModelName);
      context.tags.add(EndpointConfigArn, tags);
      configs.put(input.EndpointConfigName, { ...input, EndpointConfigArn, CreationTime: new Date() });
      return { EndpointConfigArn };
    }),
    DescribeEndpointConfig: operation(ConfigNameInput, (input) => existing(input.EndpointConfigName)),
    DeleteEndpointConfig: operation(ConfigNameInput, (input) => {
      context.tags.deleteAll(existing(input.EndpointConfigName).EndpointConfigArn);
      configs.delete(input.EndpointConfigName);
    }),
    ListEndpointConfigs: operation(z.strictObject(listing(['Name', 'CreationTime'])), (input) => {
      const items = configs.all().map((config) => ({
        config,
        name: config.EndpointConfigName,
        createdAt: config.CreationTime,
        modifiedAt: config.CreationTime,
      }));
      const { page, NextToken } = listPage(items, input);
      return {
        EndpointConfigs: page.map(({ config: { EndpointConfigName, EndpointConfigArn, CreationTime } }) => ({
          EndpointConfigName,
          EndpointConfigArn,
          CreationTime,
        })),
        NextToken,
      };
    }),
  };

  return {
    operations,
    exists: (resourceArn: string) => configs.all().some(({ EndpointConfigArn }) => EndpointConfigArn === resourceArn),
    existing,
  };
};
