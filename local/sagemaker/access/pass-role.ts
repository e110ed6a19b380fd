import type { Check } from '#local/iam/iam.ts';

export const SAGEMAKER = 'sagemaker.amazonaws.com';

/** Whoever gives SageMaker a role to act as must be allowed to pass it; AWS asks this before anything else. */
export const passRole = (roleArn: unknown, resourceArn: string): readonly Check[] =>
  typeof roleArn === 'string'
    ? [
        {
          action: 'iam:PassRole',
          resource: roleArn,
          context: { 'iam:PassedToService': SAGEMAKER, 'iam:AssociatedResourceArn': resourceArn },
        },
      ]
    : [];
