import type { S3Client } from '@aws-sdk/client-s3';
import type { Iam, PolicyDocument } from '#local/iam/iam.ts';
import { clientOf } from './open-s3.ts';

export interface Grant {
  /** `s3:` unless it says otherwise. */
  readonly action: string;
  /** `bucket/key`, an ARN, or `*`. */
  readonly on: string;
  readonly condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export const ROLE_ARN = 'arn:aws:iam::000000000000:role/reader';

export const actionOf = ({ action }: Grant): string => (action.includes(':') ? action : `s3:${action}`);
export const resourceOf = ({ on }: Grant): string => (on === '*' || on.startsWith('arn:') ? on : `arn:aws:s3:::${on}`);

/** Deploys a role with these grants and nothing else, and calls as one of its sessions. */
export const asRole = async <T>(
  { url, iam }: { readonly url: string; readonly iam: Iam },
  grants: readonly Grant[],
  call: (client: S3Client) => Promise<T>,
  resourcePolicies: Readonly<Record<string, PolicyDocument>> = {},
): Promise<T> => {
  deployRole(iam, grants, resourcePolicies);
  const client = clientOf(url, iam.sessionKeys(ROLE_ARN, 'test'));
  try {
    return await call(client);
  } finally {
    client.destroy();
  }
};

export const deployRole = (
  iam: Iam,
  grants: readonly Grant[],
  resourcePolicies: Readonly<Record<string, PolicyDocument>> = {},
): void => {
  const statements = grants.map((grant) => ({
    Effect: 'Allow',
    Action: actionOf(grant),
    Resource: resourceOf(grant),
    ...(grant.condition && { Condition: grant.condition }),
  }));
  const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
  iam.deploy({
    roles: [
      {
        arn: ROLE_ARN,
        trust: { Version: '2012-10-17', Statement: [trust] },
        policies:
          statements.length === 0
            ? []
            : [{ name: 'grants', document: { Version: '2012-10-17', Statement: statements } }],
      },
    ],
    resourcePolicies,
  });
};
