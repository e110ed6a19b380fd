import type { Account } from '#local/stand-in.ts';

/** The resource types whose ARNs the stand-in gives out. */
export type ResourceType =
  | 'training-job'
  | 'transform-job'
  | 'model'
  | 'endpoint'
  | 'endpoint-config'
  | 'model-package-group'
  | 'model-package';

/** SageMaker lower-cases a resource's name in its ARN. */
export const arnOf = ({ accountId, region }: Account, type: ResourceType, name: string): string =>
  `arn:aws:sagemaker:${region}:${accountId}:${type}/${name.toLowerCase()}`;
