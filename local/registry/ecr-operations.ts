import { AwsError, type AwsJsonService } from '#local/http/aws-json.ts';
import type { Account } from '#local/stand-in.ts';
import type { RegistryStore, StoredRepository } from './store.ts';
import type { Tokens } from './tokens.ts';

export interface EcrOptions {
  readonly account: Account;
  readonly store: RegistryStore;
  readonly tokens: Tokens;
  /** Where the registry listens. */
  readonly endpoint: () => string;
}

/** ECR's API, as far as it is called: tokens and repositories. Images go over the distribution API. */
export const ecrService = (options: EcrOptions): AwsJsonService => ({
  targetPrefix: 'AmazonEC2ContainerRegistry_V20150921',
  jsonVersion: '1.1',
  operations: {
    GetAuthorizationToken: () => getAuthorizationToken(options),
    CreateRepository: (input: CreateRepositoryRequest) => createRepository(options, input),
    DescribeRepositories: (input: DescribeRepositoriesRequest) => describeRepositories(options, input),
  },
});

const getAuthorizationToken = ({ tokens, endpoint }: EcrOptions) => {
  const { password, expiresAt } = tokens.issue();
  const authorizationToken = Buffer.from(`AWS:${password}`).toString('base64');
  return { authorizationData: [{ authorizationToken, expiresAt, proxyEndpoint: endpoint() }] };
};

interface CreateRepositoryRequest {
  readonly repositoryName: string;
  readonly imageTagMutability?: StoredRepository['imageTagMutability'];
}

const createRepository = async (
  options: EcrOptions,
  { repositoryName, imageTagMutability }: CreateRepositoryRequest,
) => {
  if (!REPOSITORY_NAME.test(repositoryName)) {
    throw new AwsError(
      'InvalidParameterException',
      `Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression '${REPOSITORY_NAME.source}''`,
    );
  }
  const { accountId } = options.account;
  if (await options.store.findRepository({ accountId, name: repositoryName })) {
    throw new AwsError(
      'RepositoryAlreadyExistsException',
      `The repository with name '${repositoryName}' already exists in the registry with id '${accountId}'`,
    );
  }
  const stored = await options.store.createRepository(
    { accountId, name: repositoryName },
    imageTagMutability ?? 'MUTABLE',
  );
  return { repository: described(options, stored) };
};

interface DescribeRepositoriesRequest {
  readonly repositoryNames?: readonly string[];
}

const describeRepositories = async (options: EcrOptions, { repositoryNames }: DescribeRepositoriesRequest) => {
  const { account, store } = options;
  const names = repositoryNames ?? (await store.listRepositories(account.accountId));
  const repositories = await Promise.all(
    names.map(async (name) => {
      const stored = await store.findRepository({ accountId: account.accountId, name });
      if (stored) return described(options, stored);
      throw new AwsError(
        'RepositoryNotFoundException',
        `The repository with name '${name}' does not exist in the registry with id '${account.accountId}'`,
      );
    }),
  );
  return { repositories };
};

const described = ({ account, endpoint }: EcrOptions, { name, createdAt, imageTagMutability }: StoredRepository) => ({
  repositoryArn: `arn:aws:ecr:${account.region}:${account.accountId}:repository/${name}`,
  registryId: account.accountId,
  repositoryName: name,
  repositoryUri: `${new URL(endpoint()).host}/${name}`,
  createdAt: new Date(createdAt),
  imageTagMutability,
  encryptionConfiguration: { encryptionType: 'AES256' },
});

const REPOSITORY_NAME = /^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*\/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$/;
