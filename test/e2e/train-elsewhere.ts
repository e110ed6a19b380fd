import { CopyObjectCommand, CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateTrainingJobCommand,
  DescribeTrainingJobCommand,
  SageMakerClient,
  waitUntilTrainingJobCompletedOrStopped,
} from '@aws-sdk/client-sagemaker';
import type { DeployedPolicies } from '#local/iam/iam.ts';
import { parseObjectUri } from '#shared/object-store/object-store.ts';

const NOTEBOOK_ROLE_ARN = 'arn:aws:iam::000000000000:role/service-role/AmazonSageMaker-ExecutionRole-20241124T041500';

/** The role of the notebook's owner, as SageMaker's console makes it. */
export const NOTEBOOK_POLICIES: DeployedPolicies = {
  roles: [
    {
      arn: NOTEBOOK_ROLE_ARN,
      trust: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'sagemaker.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      },
      policies: [
        {
          name: 'AmazonSageMakerFullAccess',
          document: {
            Version: '2012-10-17',
            Statement: [{ Effect: 'Allow', Action: ['s3:*', 'logs:*', 'cloudwatch:*', 'ecr:*'], Resource: '*' }],
          },
        },
      ],
    },
  ],
  resourcePolicies: {},
};

/** Trains as another job has, from a notebook as it were: code and model lie in another bucket, under names of the SDK's. */
export const trainElsewhere = async (likeJobName: string): Promise<string> => {
  const [sageMaker, s3] = [new SageMakerClient({}), new S3Client({})];
  const like = await sageMaker.send(new DescribeTrainingJobCommand({ TrainingJobName: likeJobName }));
  const Bucket = 'sagemaker-eu-central-1-000000000000';
  const name = `Penguins-from-a-notebook-2024-11-24-04-15-00-123-${'x'.repeat(13)}`;
  const { bucket, key } = parseObjectUri(JSON.parse(like.HyperParameters!.sagemaker_submit_directory!));
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new CopyObjectCommand({ Bucket, Key: 'source/sourcedir.tar.gz', CopySource: `${bucket}/${key}` }));
  await sageMaker.send(
    new CreateTrainingJobCommand({
      TrainingJobName: name,
      AlgorithmSpecification: like.AlgorithmSpecification!,
      RoleArn: NOTEBOOK_ROLE_ARN,
      InputDataConfig: like.InputDataConfig!,
      OutputDataConfig: { S3OutputPath: `s3://${Bucket}/models` },
      ResourceConfig: like.ResourceConfig!,
      StoppingCondition: like.StoppingCondition!,
      HyperParameters: {
        ...like.HyperParameters,
        sagemaker_submit_directory: JSON.stringify(`s3://${Bucket}/source/sourcedir.tar.gz`),
        sagemaker_job_name: JSON.stringify(name),
      },
    }),
  );
  await waitUntilTrainingJobCompletedOrStopped(
    { client: sageMaker, maxWaitTime: 60, minDelay: 1, maxDelay: 1 },
    { TrainingJobName: name },
  );
  return name;
};
