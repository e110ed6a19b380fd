import type { PolicyDocument } from '#local/iam/iam.ts';
import { registryAt, repositoryArn } from './ecr-names.ts';

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
