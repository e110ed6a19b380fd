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
    const guarded = new Set(
      resourcesOf(template, policy)
        .filter(([, { PolicyDocument }]) => statementsIn(PolicyDocument).some(refusesHttp))
        .flatMap(([, properties]) => listOf(properties[names]).map(targetOf)),
    );
    return resourcesOf(template, type)
      .filter(([id]) => !guarded.has(id))
      .map(([where]) => ({ where, problem: 'It takes calls without TLS; deny them by aws:SecureTransport.' }));
  });

const refusesHttp = ({ effect, principal, condition }: Statement): boolean =>
  effect === 'Deny' && principal === '*' && String(condition.Bool?.['aws:SecureTransport']) === 'false';
