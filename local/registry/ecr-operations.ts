import { AwsError, type AwsJsonService } from '#local/http/aws-json.ts';
import type { Caller, Check, Iam } from '#local/iam/iam.ts';
import type { Account } from '#local/stand-in.ts';
import { repositoryCheck } from './callers.ts';
import { repositoryArn } from './ecr-names.ts';
import type { RegistryStore, StoredRepository } from './store.ts';
import type { Tokens } from './tokens.ts';

export interface EcrOptions {
  readonly account: Account;
  readonly iam: Iam;
  readonly store: RegistryStore;
  readonly tokens: Tokens;
  /** Where the registry listens. */
  readonly endpoint: () => string;
}

/** ECR's API, as far as it is called: tokens and repositories. Images go over the distribution API. */
export const ecrService = (options: EcrOptions): AwsJsonService => ({
  targetPrefix: 'AmazonEC2ContainerRegistry_V20150921',
  jsonVersion: '1.1',
  signingName: 'ecr',
  iam: options.iam,
  permissions: {
    GetAuthorizationToken: () => [{ action: 'ecr:GetAuthorizationToken', resource: '*' }],
    CreateRepository: ({ repositoryName }) => [check(options, 'CreateRepository', repositoryName)],
    DescribeRepositories: ({ repositoryNames }) =>
      (Array.isArray(repositoryNames) ? repositoryNames : ['*']).map((name) =>
        check(options, 'DescribeRepositories', name),
      ),
  },
  operations: {
    GetAuthorizationToken: (_input: unknown, caller: Caller) => getAuthorizationToken(options, caller),
    CreateRepository: (input: CreateRepositoryRequest) => createRepository(options, input),
    DescribeRepositories: (input: DescribeRepositoriesRequest) => describeRepositories(options, input),
  },
});

/** All repositories together are `repository/*`, which no pattern of a single one covers. */
const check = ({ account: { accountId, region } }: EcrOptions, action: string, name: unknown): Check =>
  repositoryCheck(action, region, { accountId, name: String(name) });

const getAuthorizationToken = ({ tokens, endpoint }: EcrOptions, { principal }: Caller) => {
  const { password, expiresAt } = tokens.issue(principal);
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
  repositoryArn: repositoryArn(account.region, { accountId: account.accountId, name }),
  registryId: account.accountId,
  repositoryName: name,
  repositoryUri: `${new URL(endpoint()).host}/${name}`,
  createdAt: new Date(createdAt),
  imageTagMutability,
  encryptionConfiguration: { encryptionType: 'AES256' },
});

const REPOSITORY_NAME = /^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*\/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$/;
