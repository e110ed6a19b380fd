import { CopyObjectCommand, CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateTrainingJobCommand,
  DescribeTrainingJobCommand,
  SageMakerClient,
  waitUntilTrainingJobCompletedOrStopped,
} from '@aws-sdk/client-sagemaker';
import { parseObjectUri } from '#shared/object-store/object-store.ts';

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
      RoleArn: like.RoleArn!,
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
