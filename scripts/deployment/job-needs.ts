import type { Place } from '../../shared/store/layout.ts';
import { ANY, conditionText, type Need, need } from './needs.ts';
import { type StackNames, stackNames } from './stack-names.ts';
import type { Template } from './template.ts';

/**
 * What SageMaker does in the name of training jobs and models, by role: what it reads and writes for them as the requests of
 * shared/sagemaker name it, and what every job needs besides. One role serves the jobs of all pipelines, so that places
 * of the bucket are as narrow as it gets.
 */
export const jobNeeds = (template: Template): Readonly<Record<string, readonly Need[]>> => {
  const names = stackNames(template);
  return {
    TrainingRole: [
      ...places(names, { read: ['staged', 'source', 'checkpoints'], write: ['training-output', 'checkpoints'] }),
      ...common(names),
    ],
    ModelRole: [
      ...places(names, { read: ['training-output', 'source', 'staged'], write: ['predictions'] }),
      ...common(names),
    ],
  };
};

/** Jobs list by prefix, and are never told of an object that is missing. */
const places = ({ objectsIn }: StackNames, { read, write }: Record<'read' | 'write', readonly Place[]>): Need[] => [
  need('s3:GetObject', read.map(objectsIn)),
  ...['s3:PutObject', 's3:AbortMultipartUpload'].map((action) => need(action, write.map(objectsIn))),
  need(
    's3:ListBucket',
    ['Bucket.Arn'],
    conditionText({ StringLike: { 's3:prefix': [...new Set([...read, ...write])].map((place) => `${place}/*`) } }),
  ),
];

/** https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html */
const common = ({ key }: StackNames): Need[] => [
  ...['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'].map((action) =>
    need(action, ['arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/sagemaker/*']),
  ),
  need('cloudwatch:PutMetricData', ANY, 'StringLike cloudwatch:namespace = /aws/sagemaker/*'),
  need('ecr:GetAuthorizationToken', ANY),
  ...['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'].map((action) =>
    need(action, ['arn:${AWS::Partition}:ecr:${AWS::Region}:*:repository/*']),
  ),
  ...['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey'].map((action) => need(action, key)),
  // SageMaker hands the key on to the volumes of its instances.
  need('kms:CreateGrant', key, 'Bool kms:GrantIsForAWSResource = true'),
];
