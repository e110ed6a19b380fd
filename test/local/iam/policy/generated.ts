import fc from 'fast-check';
import type { Check, DeployedPolicies, Principal } from '#local/iam/iam.ts';
import { policyOwner } from '#local/iam/policy/deployment.ts';
import { policy, roleFor } from '../roles.ts';

/** Everything of one question: the policies of an account, who asks and for what. */
export interface Situation {
  readonly policies: DeployedPolicies;
  readonly principal: Principal;
  readonly check: Check;
}

const ROLE = 'arn:aws:iam::000000000000:role/fedml/r';
const RULE = 'arn:aws:events:eu-central-1:000000000000:rule/bus/r';
const at = (service: string, rest: string): string => `arn:aws:${service}:eu-central-1:000000000000:${rest}`;

const principals: readonly Principal[] = [
  { type: 'role', roleArn: ROLE, arn: 'arn:aws:sts::000000000000:assumed-role/r/s' },
  { type: 'service', service: 'events.amazonaws.com', sourceArn: RULE },
  { type: 'user', arn: 'arn:aws:iam::000000000000:user/local-administrator' },
];

/** Keys of objects that a pattern might be taken for, or a regular expression. */
const key = fc.oneof(
  fc.constantFrom(
    'runs/1/run.json',
    'runs/',
    'models/m',
    '*',
    'a*b',
    'aXb',
    'a?b',
    'a\nb',
    'r*/1',
    '${x}',
    '.*',
    'A',
    'ä b',
    'a:b',
  ),
  fc
    .array(fc.constantFrom('a', 'b', '/', '*', '?', '.', '\\', 'runs/', '\n', '$', ':'), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.join('')),
);

const tags = fc.dictionary(fc.constantFrom('fedml:store', 'Team', 'a'), fc.constantFrom('bucket', 'Bucket', '', 'x*'), {
  maxKeys: 2,
});

const tagsAs = (
  kind: 'RequestTag' | 'ResourceTag',
  given: Record<string, string>,
): Record<string, string | string[]> => ({
  ...Object.fromEntries(Object.entries(given).map(([name, value]) => [`aws:${kind}/${name}`, value])),
  ...(kind === 'RequestTag' && Object.keys(given).length > 0 && { 'aws:TagKeys': Object.keys(given) }),
});

const check: fc.Arbitrary<Check> = fc.oneof(
  fc.record({
    action: fc.constantFrom('s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:GetObjectVersion'),
    resource: key.map((name) => `arn:aws:s3:::b/${name}`),
    context: fc.constantFrom(
      {},
      { 's3:x-amz-acl': 'private' },
      { 's3:if-none-match': '*' },
      { 's3:TlsVersion': '1.1' },
    ),
  }),
  fc.record({
    action: fc.constantFrom('s3:ListBucket', 's3:ListBucketVersions'),
    resource: fc.constantFrom('arn:aws:s3:::b', 'arn:aws:s3:::b2'),
    context: fc.constantFrom({}, { 's3:prefix': 'runs/1/' }, { 's3:prefix': '' }, { 's3:prefix': 'models/' }),
  }),
  fc.record({
    action: fc.constantFrom('states:DescribeExecution', 'states:StopExecution'),
    resource: fc.constantFrom('execution:m:n', 'execution:m:*', 'execution:m2:n').map((rest) => at('states', rest)),
  }),
  fc.record({
    action: fc.constantFrom('states:SendTaskSuccess'),
    resource: fc.constantFrom(at('states', 'stateMachine:m'), '*'),
  }),
  fc.record({
    action: fc.constantFrom('sagemaker:CreateModel', 'sagemaker:AddTags'),
    resource: fc.constantFrom('model/fedml-m', 'model/other').map((rest) => at('sagemaker', rest)),
    context: tags.map((given) => tagsAs('RequestTag', given)),
  }),
  fc.record({
    action: fc.constantFrom('sagemaker:DescribeTrainingJob', 'sagemaker:StopTrainingJob'),
    resource: fc.constantFrom('training-job/fedml-j', 'training-job/j').map((rest) => at('sagemaker', rest)),
    context: tags.map((given) => tagsAs('ResourceTag', given)),
  }),
  fc.record({
    action: fc.constantFrom('iam:PassRole'),
    resource: fc.constantFrom(ROLE, 'arn:aws:iam::000000000000:role/other'),
    context: fc.constantFrom(
      { 'iam:PassedToService': 'sagemaker.amazonaws.com' },
      { 'iam:PassedToService': 'lambda.amazonaws.com' },
    ),
  }),
  fc.record({
    action: fc.constantFrom('lambda:InvokeFunction'),
    resource: fc.constantFrom('function:f', 'function:f:live', 'function:g').map((rest) => at('lambda', rest)),
  }),
  fc.record({
    action: fc.constantFrom('ecr:BatchGetImage'),
    resource: fc.constantFrom(at('ecr', 'repository/r'), 'arn:aws:ecr:eu-central-1:763104351884:repository/r'),
  }),
  fc.record({ action: fc.constantFrom('ecr:GetAuthorizationToken'), resource: fc.constant('*') }),
  fc.record({ action: fc.constantFrom('sqs:SendMessage'), resource: fc.constantFrom(at('sqs', 'q'), at('sqs', 'Q')) }),
);

/** Patterns that cover a resource, nearly do, or would if they were read in another way. */
const patternsFor = (resource: string): fc.Arbitrary<string> => {
  const plain = resource.replace(/[*?$]/g, (character) => `\${${character}}`);
  const place = fc.nat(resource.length);
  const isArn = resource.startsWith('arn:');
  return (
    fc
      .oneof(
        fc.constant('*'),
        ...(isArn
          ? [
              fc.constant(plain),
              place
                .filter((end) => end > 'arn:aws:x'.length)
                .map((end) => `${resource.slice(0, end).replace(/[*?$]/g, '?')}*`),
              place
                .filter((index) => index >= resource.lastIndexOf(':'))
                .map((index) => `${resource.slice(0, index)}?${resource.slice(index + 1)}`.replaceAll('${', '?{')),
              fc.constant(resource.replace(/^(arn:aws:[^:]*):[^:]*:[^:]*:/, '$1:*:*:').replaceAll('${', '?{')),
              fc.constant(resource.replace(/^(arn:aws:[^:]*):.*:/s, '$1:*:').replaceAll('${', '?{')),
              fc.constant(
                plain
                  .toUpperCase()
                  .replace(/^ARN:AWS:([^:]*)/, (_, service: string) => `arn:aws:${service.toLowerCase()}`),
              ),
              fc.constantFrom(
                'arn:aws:s3:::b',
                'arn:aws:s3:::b/*',
                'arn:aws:s3:::b/runs/*',
                'arn:aws:s3:::*',
                'arn:aws:s3:::b/a${*}b',
              ),
            ]
          : []),
      )
      .filter((pattern) => pattern === '*' || pattern.endsWith(':*') || pattern.split(':').length >= 6)
      // A wildcard in the service or in the type of the resource is refused.
      .filter(
        (pattern) =>
          /^(\*|arn:aws:[a-z0-9-]+(\*|:.*))$/s.test(pattern) &&
          (/^(\*|arn:aws:(s3|sqs))/.test(pattern) || !/^(?:[^:]*:){5}([^:/]*[*?][^:/]+|[^:/]+[*?])/.test(pattern)),
      )
  );
};

const actionsFor = (action: string): fc.Arbitrary<string> => {
  const [service] = action.split(':') as [string];
  return fc.constantFrom(
    '*',
    action,
    action.toUpperCase(),
    `${service}:*`,
    `${action.slice(0, -3)}*`,
    `${action.slice(0, -1)}?`,
    's3:PutObject',
    's3:*Object',
    'sagemaker:Describe*',
    'logs:PutLogEvents',
  );
};

const operatorValues: readonly [operator: string, keys: Record<string, string | string[]>][] = [
  ['Bool', { 'aws:SecureTransport': 'true' }],
  ['Bool', { 'aws:SecureTransport': 'false' }],
  ['NumericLessThan', { 's3:TlsVersion': '1.2' }],
  ['NumericGreaterThanEquals', { 's3:TlsVersion': '1.2' }],
  ['StringEquals', { 'aws:PrincipalAccount': '000000000000' }],
  ['StringEquals', { 'aws:SourceAccount': '000000000000' }],
  ['StringEquals', { 'aws:RequestTag/fedml:store': 'bucket' }],
  ['StringEqualsIgnoreCase', { 'aws:requesttag/FEDML:store': 'BUCKET' }],
  ['StringEquals', { 'aws:ResourceTag/fedml:store': 'bucket' }],
  ['StringNotEquals', { 'aws:ResourceTag/fedml:store': ['bucket', 'x*'] }],
  ['StringEqualsIfExists', { 'aws:ResourceTag/Team': 'a' }],
  ['StringLike', { 'aws:RequestTag/Team': ['x*', ''] }],
  ['StringNotLike', { 's3:prefix': 'runs/*' }],
  ['StringLike', { 's3:prefix': ['runs/*', ''] }],
  ['StringEquals', { 'iam:PassedToService': 'sagemaker.amazonaws.com' }],
  ['StringEquals', { 's3:x-amz-acl': 'private' }],
  ['StringEquals', { 's3:if-none-match': '*' }],
  ['ArnLike', { 'aws:SourceArn': 'arn:aws:events:*:000000000000:rule/bus/*' }],
  ['ArnEquals', { 'aws:SourceArn': RULE }],
  ['ArnNotEquals', { 'aws:PrincipalArn': ROLE }],
  ['ArnLike', { 'aws:PrincipalArn': 'arn:aws:iam::*:role/*/r' }],
  ['Null', { 'aws:TagKeys': 'true' }],
  ['Null', { 'aws:ResourceTag/a': 'false' }],
  ['ForAnyValue:StringEquals', { 'aws:TagKeys': ['fedml:store'] }],
  ['ForAllValues:StringEquals', { 'aws:TagKeys': ['fedml:store', 'a'] }],
  ['ForAnyValue:StringNotEquals', { 'aws:TagKeys': ['a'] }],
  ['ForAllValues:StringNotLike', { 'aws:TagKeys': ['f*'] }],
  ['ForAnyValue:StringEqualsIfExists', { 'aws:TagKeys': ['a'] }],
];

const condition = fc
  .array(fc.constantFrom(...operatorValues), { minLength: 1, maxLength: 2 })
  .map((parts) => Object.fromEntries(parts));

const oneOrMore = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | T[]> =>
  fc.oneof(one, fc.array(one, { minLength: 1, maxLength: 3 }));

const statementFor = ({ action, resource }: Check): fc.Arbitrary<Record<string, unknown>> =>
  fc
    .tuple(
      fc.constantFrom('Allow', 'Allow', 'Deny'),
      fc.constantFrom('Action', 'Action', 'Action', 'NotAction'),
      oneOrMore(actionsFor(action)),
      fc.constantFrom('Resource', 'Resource', 'Resource', 'NotResource'),
      oneOrMore(patternsFor(resource)),
      fc.option(condition, { nil: undefined, freq: 1 }),
    )
    .map(([Effect, actionElement, actions, resourceElement, resources, Condition]) => ({
      Effect,
      [actionElement]: actions,
      [resourceElement]: resources,
      ...(Condition && { Condition }),
    }));

const principalElement = fc.constantFrom<unknown>(
  '*',
  { AWS: '*' },
  { AWS: ROLE },
  { AWS: ['arn:aws:iam::000000000000:role/other', 'arn:aws:sts::000000000000:assumed-role/r/s'] },
  { AWS: 'arn:aws:iam::000000000000:root' },
  { AWS: '000000000000' },
  { AWS: 'arn:aws:iam::000000000000:user/local-administrator' },
  { Service: 'events.amazonaws.com' },
  { Service: ['lambda.amazonaws.com', 'events.amazonaws.com'], AWS: 'arn:aws:iam::000000000000:role/other' },
);

/** What may have a policy of its own. */
const HAS_POLICY = /^arn:aws:(s3|sqs|ecr|lambda):/;

export const situation: fc.Arbitrary<Situation> = check.chain((asked) =>
  fc
    .record({
      principal: fc.constantFrom(...principals),
      identity: fc.array(statementFor(asked), { maxLength: 3 }),
      resource: fc.option(
        fc.array(
          fc
            .tuple(statementFor(asked), principalElement)
            .map(([statement, Principal]) => ({ ...statement, Principal })),
          { minLength: 1, maxLength: 3 },
        ),
        { nil: undefined },
      ),
    })
    .map(({ principal, identity, resource }) => {
      const owner = HAS_POLICY.test(asked.resource) ? policyOwner(asked.resource) : undefined;
      return {
        principal,
        check: asked,
        policies: {
          roles: [roleFor('states.amazonaws.com', ROLE, identity)],
          resourcePolicies: owner !== undefined && resource !== undefined ? { [owner]: policy(...resource) } : {},
        },
      };
    }),
);
