import {
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DeleteModelPackageCommand,
  DeleteModelPackageGroupCommand,
  ListTagsCommand,
  paginateListEndpointConfigs,
  paginateListEndpoints,
  paginateListModelPackageGroups,
  paginateListModelPackages,
  paginateListModels,
  type SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import type { Thing } from './thing.ts';

interface Named {
  readonly name: string;
  readonly arn: string;
}

/**
 * What a stage's runs have made in SageMaker, in the order in which it can be deleted. It is known by the tag with the name of the
 * stage's bucket, since names may be those of another stage: shared/sagemaker/tags.ts.
 */
export const sageMakerThings = async (client: SageMakerClient, bucket: string): Promise<Thing[]> => {
  const own = async (all: AsyncIterable<readonly Named[]>): Promise<Named[]> => {
    const found: Named[] = [];
    for await (const page of all) {
      for (const each of page) if ((await storeOf(client, each.arn)) === bucket) found.push(each);
    }
    return found;
  };
  const endpoints = await own(endpointsOf(client));
  const configs = await own(configsOf(client));
  const models = await own(modelsOf(client));
  const groups = await own(groupsOf(client));
  const things: Thing[] = [
    ...endpoints.map(({ name }) => ({
      name: `endpoint ${name}`,
      remove: () => client.send(new DeleteEndpointCommand({ EndpointName: name })),
    })),
    ...configs.map(({ name }) => ({
      name: `endpoint config ${name}`,
      remove: () => client.send(new DeleteEndpointConfigCommand({ EndpointConfigName: name })),
    })),
    ...models.map(({ name }) => ({
      name: `model ${name}`,
      remove: () => client.send(new DeleteModelCommand({ ModelName: name })),
    })),
  ];
  for (const group of groups) things.push(...(await packageThings(client, group)));
  return things;
};

const storeOf = async (client: SageMakerClient, ResourceArn: string): Promise<string | undefined> => {
  const { Tags = [] } = await client.send(new ListTagsCommand({ ResourceArn }));
  return Tags.find(({ Key }) => Key === 'fedml:store')?.Value;
};

/** A group can be deleted when it has no versions. These have no tags, and belong to their group. */
const packageThings = async (client: SageMakerClient, { name }: Named): Promise<Thing[]> => {
  const versions: string[] = [];
  for await (const page of paginateListModelPackages({ client }, { ModelPackageGroupName: name })) {
    versions.push(...(page.ModelPackageSummaryList ?? []).map(({ ModelPackageArn }) => ModelPackageArn!));
  }
  return [
    ...versions.map((arn) => ({
      name: `model package ${arn.split(':model-package/')[1]}`,
      remove: () => client.send(new DeleteModelPackageCommand({ ModelPackageName: arn })),
    })),
    {
      name: `model package group ${name}`,
      remove: () => client.send(new DeleteModelPackageGroupCommand({ ModelPackageGroupName: name })),
    },
  ];
};

async function* endpointsOf(client: SageMakerClient): AsyncGenerator<Named[]> {
  for await (const { Endpoints = [] } of paginateListEndpoints({ client }, {})) {
    yield Endpoints.map(({ EndpointName, EndpointArn }) => ({ name: EndpointName!, arn: EndpointArn! }));
  }
}

async function* configsOf(client: SageMakerClient): AsyncGenerator<Named[]> {
  for await (const { EndpointConfigs = [] } of paginateListEndpointConfigs({ client }, {})) {
    yield EndpointConfigs.map((each) => ({ name: each.EndpointConfigName!, arn: each.EndpointConfigArn! }));
  }
}

async function* modelsOf(client: SageMakerClient): AsyncGenerator<Named[]> {
  for await (const { Models = [] } of paginateListModels({ client }, {})) {
    yield Models.map(({ ModelName, ModelArn }) => ({ name: ModelName!, arn: ModelArn! }));
  }
}

async function* groupsOf(client: SageMakerClient): AsyncGenerator<Named[]> {
  for await (const { ModelPackageGroupSummaryList = [] } of paginateListModelPackageGroups({ client }, {})) {
    yield ModelPackageGroupSummaryList.map((each) => ({
      name: each.ModelPackageGroupName!,
      arn: each.ModelPackageGroupArn!,
    }));
  }
}
