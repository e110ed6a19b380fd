import { join } from 'node:path';
import * as z from 'zod';
import type { Operation } from '#local/http/aws-json.ts';
import { arnOf } from './arns.ts';
import type { SageMakerContext } from './context.ts';
import { listPage } from './listing.ts';
import { parseS3Uri } from './objects.ts';
import type { Container } from './serving/container.ts';
import { ContainerDefinition } from './serving/container.ts';
import { openCollection } from './store.ts';
import { echoed, listing, ModelName, RoleArn, Tags, VpcConfig } from './validation/members.ts';
import { operation, refuse } from './validation/request.ts';

const CreateModelInput = z
  .strictObject({
    ModelName,
    PrimaryContainer: ContainerDefinition.optional(),
    Containers: z.array(ContainerDefinition).min(1).max(15).optional(),
    ExecutionRoleArn: RoleArn.optional(),
    VpcConfig: VpcConfig.optional(),
    EnableNetworkIsolation: z.boolean().optional(),
    InferenceExecutionConfig: echoed.optional(),
    Tags: Tags.optional(),
  })
  .refine(({ PrimaryContainer, Containers = [] }) => (PrimaryContainer ? 1 : 0) + Containers.length === 1, {
    error: "The laptop's SageMaker serves models of one container: PrimaryContainer, or one of Containers",
  });

interface Model extends Omit<z.infer<typeof CreateModelInput>, 'Tags'> {
  readonly ModelArn: string;
  readonly CreationTime: Date;
}

const ModelNameInput = z.strictObject({ ModelName });

/** The model operations; `packageContainer` finds the container of a model package by its ARN. */
export const modelApi = (context: SageMakerContext, packageContainer: (arn: string) => Container) => {
  const models = openCollection<Model>(join(context.dataDir, 'records', 'models'));

  const existing = (name: string): Model => {
    const model = models.get(name);
    if (!model) throw refuse(`Could not find model "${arnOf(context.account, 'model', name)}".`);
    return model;
  };

  const containerOf = (name: string): Container => {
    const model = existing(name);
    const definition = model.PrimaryContainer ?? model.Containers![0]!;
    if (!definition.ModelPackageName) return { ...definition, Image: definition.Image! };
    const packaged = packageContainer(definition.ModelPackageName);
    return { ...packaged, Environment: { ...packaged.Environment, ...definition.Environment } };
  };

  const operations: Record<string, Operation> = {
    CreateModel: operation(CreateModelInput, async ({ Tags: tags = [], ...input }) => {
      const arn = arnOf(context.account, 'model', input.ModelName);
      const definition = input.PrimaryContainer ?? input.Containers![0]!;
      if (definition.ModelPackageName) packageContainer(definition.ModelPackageName);
      if (definition.ModelDataUrl && !(await context.objects.exists(parseS3Uri(definition.ModelDataUrl)))) {
        throw refuse(`Could not find model data at ${definition.ModelDataUrl}.`);
      }
      if (models.find(input.ModelName)) throw refuse(`Cannot create already existing model "${arn}".`);
      context.tags.add(arn, tags);
      models.put(input.ModelName, { ...input, ModelArn: arn, CreationTime: new Date() });
      return { ModelArn: arn };
    }),
    DescribeModel: operation(ModelNameInput, (input) => existing(input.ModelName)),
    DeleteModel: operation(ModelNameInput, (input) => {
      context.tags.deleteAll(existing(input.ModelName).ModelArn);
      models.delete(input.ModelName);
    }),
    ListModels: operation(z.strictObject(listing(['Name', 'CreationTime'])), (input) => {
      const items = models.all().map((model) => ({
        ModelName: model.ModelName,
        ModelArn: model.ModelArn,
        CreationTime: model.CreationTime,
        name: model.ModelName,
        createdAt: model.CreationTime,
        modifiedAt: model.CreationTime,
      }));
      const { page, NextToken } = listPage(items, input);
      return {
        Models: page.map(({ ModelName: name, ModelArn, CreationTime }) => ({
          ModelName: name,
          ModelArn,
          CreationTime,
        })),
        NextToken,
      };
    }),
  };

  return {
    operations,
    exists: (arn: string) => models.all().some(({ ModelArn }) => ModelArn === arn),
    containerOf,
  };
};
