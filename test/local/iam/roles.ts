import type { DeployedPolicies, PolicyDocument } from '#local/iam/iam.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';

export type Statement = PolicyDocument['Statement'][number];

export const roleArn = (name: string): string => `arn:aws:iam::${LOCAL_ACCOUNT.accountId}:role/${name}`;

/** A role that `service` may take, with one policy. */
export const roleOf = (
  name: string,
  service: string,
  statements: readonly Statement[],
): DeployedPolicies['roles'][number] => ({
  arn: roleArn(name),
  trust: policy({ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }),
  policies: [{ name: 'policy', document: policy(...statements) }],
});

export const policy = (...Statement: readonly Statement[]): PolicyDocument => ({ Version: '2012-10-17', Statement });

export const allow = (
  Action: string | readonly string[],
  Resource: string | readonly string[],
  Condition?: Readonly<Record<string, unknown>>,
): Statement => ({ Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) });

export const EVERYTHING = [allow('*', '*')];

/** AWS lets every account pull its framework images. */
export const FRAMEWORK_REPOSITORY = {
  'arn:aws:ecr:eu-central-1:492215442770:repository/sagemaker-scikit-learn': policy({
    Effect: 'Allow',
    Principal: '*',
    Action: 'ecr:*',
  }),
};
