import { namesIn } from './arns.ts';
import { type Statement, statementsIn } from './policies.ts';
import { type Finding, listOf, resourcesOf, type Template, targetOf } from './template.ts';

/** What takes calls over plain HTTP unless its policy says otherwise, and where that policy names it. */
const OPEN_TO_HTTP = [
  { type: 'AWS::S3::Bucket', policy: 'AWS::S3::BucketPolicy', names: 'Bucket' },
  { type: 'AWS::SQS::Queue', policy: 'AWS::SQS::QueuePolicy', names: 'Queues' },
  { type: 'AWS::SNS::Topic', policy: 'AWS::SNS::TopicPolicy', names: 'Topics' },
] as const;

/** Looks for buckets, queues and topics that can be called without TLS. */
export const checkTransport = (template: Template): Finding[] =>
  OPEN_TO_HTTP.flatMap(({ type, policy, names }) => {
    const policies = resourcesOf(template, policy).map(([, properties]) => ({
      targets: listOf(properties[names]).map(targetOf),
      statements: statementsIn(properties.PolicyDocument),
    }));
    return resourcesOf(template, type)
      .filter(
        ([id]) =>
          !policies.some(({ targets, statements }) => targets.includes(id) && statements.some(refusesHttp(type, id))),
      )
      .map(([where]) => ({ where, problem: 'It takes calls without TLS; deny them by aws:SecureTransport.' }));
  }).concat(oldTls(template));

/** Every call of anybody, to the whole of it. */
const refusesHttp =
  (type: string, id: string) =>
  ({ effect, principal, actions, resources, condition }: Statement): boolean =>
    effect === 'Deny' &&
    (principal === '*' || (principal as { AWS?: unknown } | undefined)?.AWS === '*') &&
    actions.some((action) => ALL_ACTIONS[type]!.includes(action)) &&
    covers(type, id, resources) &&
    Object.keys(condition).length === 1 &&
    Object.keys(condition.Bool ?? {}).length === 1 &&
    String(condition.Bool?.['aws:SecureTransport']) === 'false';

/** A topic's policy takes no wildcard; publishing is what carries data. */
const ALL_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  'AWS::S3::Bucket': ['s3:*'],
  'AWS::SQS::Queue': ['sqs:*'],
  'AWS::SNS::Topic': ['sns:Publish', 'sns:*'],
};

/** A bucket is two resources to IAM: itself and its objects. */
const covers = (type: string, id: string, resources: readonly unknown[]): boolean => {
  const { textOf, arnOf } = namesIn({ Resources: { [id]: { Type: type } } }, 'stack');
  const named = resources.map(textOf);
  return [arnOf(id), ...(type === 'AWS::S3::Bucket' ? [`${arnOf(id)}/*`] : [])].every((each) => named.includes(each));
};

/** Serverless's own bucket has a policy of its own, without it. */
const oldTls = (template: Template): Finding[] =>
  resourcesOf(template, 'AWS::S3::Bucket')
    .filter(([id]) => id !== 'ServerlessDeploymentBucket')
    .filter(
      ([id]) =>
        !resourcesOf(template, 'AWS::S3::BucketPolicy').some(([, { PolicyDocument }]) =>
          statementsIn(PolicyDocument).some(
            ({ effect, principal, actions, resources, condition }) =>
              effect === 'Deny' &&
              principal === '*' &&
              actions.includes('s3:*') &&
              covers('AWS::S3::Bucket', id, resources) &&
              Number(condition.NumericLessThan?.['s3:TlsVersion']) >= 1.2,
          ),
        ),
    )
    .map(([where]) => ({ where, problem: 'It takes calls by TLS before 1.2; deny them by s3:TlsVersion.' }));
