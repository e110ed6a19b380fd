import type { DeployedPolicies, Iam } from '#local/iam/iam.ts';

type Role = DeployedPolicies['roles'][number];
type Statement = Readonly<Record<string, unknown>>;

/** A role that a service may take, and what it is allowed; everything unless said otherwise. */
export const roleFor = (service: string, arn: string, statements: readonly Statement[] = [ANYTHING]): Role => ({
  arn,
  trust: {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  },
  policies: [{ name: 'Grants', document: { Version: '2012-10-17', Statement: statements } }],
});

export const allow = (action: string | readonly string[], resource: string | readonly string[] = '*'): Statement => ({
  Effect: 'Allow',
  Action: action,
  Resource: resource,
});

const ANYTHING = allow('*');

/** The same access management with these roles. */
export const withRoles = (iam: Iam, ...roles: readonly Role[]): Iam => {
  iam.deploy({ roles, resourcePolicies: {} });
  return iam;
};
