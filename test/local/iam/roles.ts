import type { DeployedPolicies, Iam, PolicyDocument } from '#local/iam/iam.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';

type Role = DeployedPolicies['roles'][number];
export type Statement = Readonly<Record<string, unknown>>;

export const roleArn = (name: string): string => `arn:aws:iam::${LOCAL_ACCOUNT.accountId}:role/${name}`;

export const policy = (...Statement: readonly Statement[]): PolicyDocument => ({ Version: '2012-10-17', Statement });

/** A role that a service may take, and what it is allowed; everything unless said otherwise. */
export const roleFor = (service: string, arn: string, statements: readonly Statement[] = [ANYTHING]): Role => ({
  arn,
  trust: policy({ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }),
  policies: [{ name: 'Grants', document: policy(...statements) }],
});

export const allow = (
  action: string | readonly string[],
  resource: string | readonly string[] = '*',
  condition?: Readonly<Record<string, unknown>>,
): Statement => ({
  Effect: 'Allow',
  Action: action,
  Resource: resource,
  ...(condition && { Condition: condition }),
});

export const ANYTHING = allow('*');

/** The same access management with these roles. */
export const withRoles = (iam: Iam, ...roles: readonly Role[]): Iam => {
  iam.deploy({ roles, resourcePolicies: {} });
  return iam;
};
