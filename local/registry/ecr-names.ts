import type { Account } from '#local/stand-in.ts';
import type { RepositoryName } from './store.ts';

/** Names of registries: https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html */
export const ECR_HOST = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?::\d+)?$/i;

/** The account and region of a registry's host; undefined for another host. */
export const registryAt = (host: string): Account | undefined => {
  const [, accountId, region] = ECR_HOST.exec(host) ?? [];
  return accountId === undefined || region === undefined ? undefined : { accountId, region };
};

export const repositoryArn = (region: string, { accountId, name }: RepositoryName): string =>
  `arn:aws:ecr:${region}:${accountId}:repository/${name}`;
