import type { Check } from '#local/iam/iam.ts';

/** What a role needs to pull an image of ECR; nothing for an image from elsewhere. */
export const pullChecks = (image: string): readonly Check[] => {
  const { accountId, region, repository } = ECR_IMAGE.exec(image)?.groups ?? {};
  if (!repository) return [];
  const resource = `arn:aws:ecr:${region}:${accountId}:repository/${repository}`;
  return [
    { action: 'ecr:GetAuthorizationToken', resource: '*' },
    ...['BatchCheckLayerAvailability', 'BatchGetImage', 'GetDownloadUrlForLayer'].map((name) => ({
      action: `ecr:${name}`,
      resource,
    })),
  ];
};

/** SageMaker's text for a model whose role may not pull its image. */
export const mayNotPull = (roleArn: string, image: string): string =>
  `The role "${roleArn}" does not have BatchGetImage permission for the image: "${image}".`;

const ECR_IMAGE =
  /^(?<accountId>\d{12})\.dkr\.ecr\.(?<region>[a-z0-9-]+)\.amazonaws\.com\/(?<repository>[^:@]+)(?:[:@].+)?$/;
