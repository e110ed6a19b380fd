import type { Caller, Check, Iam, KeyPair, PolicyDocument, Principal } from '#local/iam/iam.ts';
import { registryAt, repositoryArn } from './ecr-names.ts';
import type { RepositoryName } from './store.ts';

/** Whoever a token was given to, with what they may do now. */
export const callerOf = (iam: Iam, principal: Principal): Caller => iam.callerOf(keysOf(iam, principal));

const keysOf = (iam: Iam, principal: Principal): KeyPair => {
  if (principal.type === 'user') return iam.personKeys;
  if (principal.type === 'service') return iam.serviceKeys(principal.service, principal.sourceArn);
  return iam.sessionKeys(principal.roleArn, principal.arn.slice(principal.arn.lastIndexOf('/') + 1));
};

export const repositoryCheck = (action: string, region: string, repository: RepositoryName): Check => ({
  action: `ecr:${action}`,
  resource: repositoryArn(region, repository),
});

/** The resource policies of AWS's own images, which every account may pull that lets its roles do so. */
export const openImagePolicies = (imageUris: readonly string[]): Record<string, PolicyDocument> =>
  Object.fromEntries(
    imageUris.map((uri) => {
      const [, host = '', name = ''] = /^([^/]+)\/([^:@]+)/.exec(uri) ?? [];
      const registry = registryAt(host);
      if (!registry) throw new TypeError(`Not the URI of an image in ECR: ${uri}`);
      return [repositoryArn(registry.region, { accountId: registry.accountId, name }), PULL_POLICY];
    }),
  );

const PULL_POLICY: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: '*',
      Action: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
    },
  ],
};
