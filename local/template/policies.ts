import type { DeployedPolicies, PolicyDocument } from '#local/iam/iam.ts';
import { refuseUnknownKeys, TemplateError } from './errors.ts';
import type { ResolvedStack } from './stack.ts';

type Statement = PolicyDocument['Statement'][number];

/** Everything of a stack that allows or denies something: its roles, and the policies of its resources. */
export const deployedPolicies = (stack: ResolvedStack): DeployedPolicies => ({
  roles: rolesOf(stack),
  resourcePolicies: resourcePoliciesOf(stack),
});

const rolesOf = (stack: ResolvedStack): DeployedPolicies['roles'] =>
  stack.ofType('AWS::IAM::Role').map(([id, properties]) => {
    refuseUnknownKeys(properties, ROLE_PROPERTIES, `The role ${id}`);
    const { AssumeRolePolicyDocument, Policies = [] } = properties as unknown as RoleProperties;
    return {
      arn: stack.physical(id).attributes.Arn!,
      trust: AssumeRolePolicyDocument,
      policies: Policies.map(({ PolicyName, PolicyDocument }) => ({ name: PolicyName, document: PolicyDocument })),
    };
  });

/** No managed policies, no boundary: a role that had them would be allowed something else in AWS than here. */
const ROLE_PROPERTIES = ['RoleName', 'Path', 'Description', 'Tags', 'AssumeRolePolicyDocument', 'Policies'];

interface RoleProperties {
  readonly AssumeRolePolicyDocument: PolicyDocument;
  readonly Policies?: readonly { readonly PolicyName: string; readonly PolicyDocument: PolicyDocument }[];
}

const resourcePoliciesOf = (stack: ResolvedStack): Record<string, PolicyDocument> => {
  const policies: Record<string, PolicyDocument> = {};
  const add = (arn: string, { Statement = [] }: PolicyDocument): void => {
    policies[arn] = { Version: '2012-10-17', Statement: [...(policies[arn]?.Statement ?? []), ...Statement] };
  };
  for (const [, properties] of stack.ofType('AWS::S3::BucketPolicy')) {
    add(`arn:aws:s3:::${properties.Bucket as string}`, properties.PolicyDocument as PolicyDocument);
  }
  for (const [, properties] of stack.ofType('AWS::SQS::QueuePolicy')) {
    for (const url of properties.Queues as string[]) add(queueArn(url), properties.PolicyDocument as PolicyDocument);
  }
  for (const [, properties] of stack.ofType('AWS::SNS::TopicPolicy')) {
    for (const arn of properties.Topics as string[]) add(arn, properties.PolicyDocument as PolicyDocument);
  }
  for (const [id, { RepositoryPolicyText }] of stack.ofType('AWS::ECR::Repository')) {
    if (RepositoryPolicyText) add(stack.physical(id).attributes.Arn!, RepositoryPolicyText as PolicyDocument);
  }
  for (const [id, properties] of stack.ofType('AWS::Lambda::Permission')) {
    const functionArn = properties.FunctionName as string;
    add(functionArn, { Statement: [permissionStatement(id, properties as unknown as PermissionProperties)] });
  }
  return policies;
};

/** `https://sqs.<region>.amazonaws.com/<account>/<name>` */
const queueArn = (url: string): string => {
  const [, region, accountId, name] = /^https:\/\/sqs\.([\w-]+)\.amazonaws\.com\/(\d+)\/(.+)$/.exec(url)!;
  return `arn:aws:sqs:${region}:${accountId}:${name}`;
};

interface PermissionProperties {
  readonly FunctionName: string;
  readonly Action: string;
  readonly Principal: string;
  readonly SourceArn?: string;
  readonly SourceAccount?: string;
}

/** The statement that Lambda adds to a function's policy for a permission. */
const permissionStatement = (id: string, properties: PermissionProperties): Statement => {
  refuseUnknownKeys(properties, PERMISSION_PROPERTIES, `The permission ${id}`);
  const { FunctionName, Action, Principal, SourceArn, SourceAccount } = properties;
  if (!/^[\w.-]+\.amazonaws\.com$/.test(Principal)) {
    throw new TemplateError(`The permission ${id} is for ${Principal}; the local cloud knows services only.`);
  }
  return {
    Sid: id,
    Effect: 'Allow',
    Principal: { Service: Principal },
    Action,
    Resource: FunctionName,
    ...((SourceArn ?? SourceAccount) && {
      Condition: {
        ...(SourceArn && { ArnLike: { 'AWS:SourceArn': SourceArn } }),
        ...(SourceAccount && { StringEquals: { 'AWS:SourceAccount': SourceAccount } }),
      },
    }),
  };
};

const PERMISSION_PROPERTIES = ['FunctionName', 'Action', 'Principal', 'SourceArn', 'SourceAccount'];
