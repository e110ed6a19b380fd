import { join } from 'node:path';
import * as z from 'zod';
import type { Operation } from '#local/http/aws-json.ts';
import { mayNotPull } from './access/image-pull.ts';
import type { Role } from './access/roles.ts';
import { arnOf } from './arns.ts';
import type { SageMakerContext } from './context.ts';
import { listPage } from './listing.ts';
import { parseS3Uri } from './objects.ts';
import type { Container, ModelContainer } from './serving/container.ts';
import { ContainerDefinition } from './serving/container.ts';
import { openCollection } from './store.ts';
import { echoed, listing, ModelName, RoleArn, Tags, VpcConfig } from './validation/members.ts';
import { operation, refuse } from './validation/request.ts';

const CreateModelInput = z
  .strictObject({
    ModelName,
    PrimaryContainer: ContainerDefinition.optional(),
    Containers: z.array(ContainerDefinition).min(1).max(15).optional(),
    /** Optional on AWS, where a model without it can't be read or pulled. */
    ExecutionRoleArn: RoleArn,
    VpcConfig: VpcConfig.optional(),
    EnableNetworkIsolation: z.boolean().optional(),
    InferenceExecutionConfig: echoed.optional(),
    Tags: Tags.optional(),
  })
  .refine(({ PrimaryContainer, Containers = [] }) => (PrimaryContainer ? 1 : 0) + Containers.length === 1, {
    error: "The laptop's SageMaker serves models of one container: PrimaryContainer, or one of Containers",
  });

type CreateModelInput = Omit<z.infer<typeof CreateModelInput>, 'Tags'>;

interface Model extends CreateModelInput {
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

  const containerIn = ({ PrimaryContainer, Containers }: CreateModelInput): Container => {
    const definition = PrimaryContainer ?? Containers![0]!;
    if (!definition.ModelPackageName) return { ...definition, Image: definition.Image! };
    const packaged = packageContainer(definition.ModelPackageName);
    return { ...packaged, Environment: { ...packaged.Environment, ...definition.Environment } };
  };

  /** SageMaker looks at image and model data as the role before it makes the model. */
  const checkContainer = async ({ Image, ModelDataUrl }: Container, role: Role): Promise<void> => {
    if (!role.mayPull(Image)) throw refuse(mayNotPull(role.arn, Image));
    if (!ModelDataUrl) return;
    const exists = await role.objects.exists(parseS3Uri(ModelDataUrl)).catch((error: ServiceError) => {
      throw error.$metadata?.httpStatusCode === 403 ? refuse(mayNotRead(context, role, ModelDataUrl)) : error;
    });
    if (!exists) throw refuse(`Could not find model data at ${ModelDataUrl}.`);
  };

  const operations: Record<string, Operation> = {
    CreateModel: operation(CreateModelInput, async ({ Tags: tags = [], ...input }) => {
      const arn = arnOf(context.account, 'model', input.ModelName);
      await checkContainer(containerIn(input), context.roles.assume(input.ExecutionRoleArn, arn));
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
    /** The container of an existing model. */
    containerOf: (name: string): ModelContainer => {
      const model = existing(name);
      return { ...containerIn(model), RoleArn: model.ExecutionRoleArn };
    },
  };
};

interface ServiceError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const mayNotRead = ({ account }: SageMakerContext, { arn }: Role, uri: string): string =>
  `Could not access model data at ${uri}. Please ensure that the role "${arn}" exists and that its trust relationship policy ` +
  'allows the action "sts:AssumeRole" for the service principal "sagemaker.amazonaws.com". Also ensure that the role has ' +
  `"s3:GetObject" permissions and that the object is located in ${account.region}.`;
