import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { afterEach, describe, expect, it } from 'vitest';
import { AwsError, type Operation } from '#local/http/aws-json.ts';
import type { StandIn } from '#local/stand-in.ts';
import { sageMaker } from '#shared/sagemaker/sagemaker.ts';
import { serveFake } from '#test/local/http/fake-service.ts';
import { PERSON } from '#test/local/iam/test-iam.ts';

let server: StandIn | undefined;
afterEach(() => server?.close());

/** The adapter against one operation that answers as SageMaker was seen to answer. */
const against = async (name: string, operation: Operation) => {
  server = await serveFake({ targetPrefix: 'SageMaker', jsonVersion: '1.1', operations: { [name]: operation } });
  return sageMaker(
    new SageMakerClient({
      endpoint: server.url,
      region: 'eu-central-1',
      credentials: PERSON,
      maxAttempts: 1,
    }),
  );
};
const refusing = (name: string, error: string, message: string) =>
  against(name, () => {
    throw new AwsError(error, message);
  });

describe('the SageMaker adapter', () => {
  it('describes a job, with its metrics', async () => {
    const adapter = await against('DescribeTrainingJob', ({ TrainingJobName }: { TrainingJobName: string }) => ({
      TrainingJobName,
      TrainingJobStatus: 'Completed',
      FinalMetricDataList: [{ MetricName: 'auc', Value: 0.75, Timestamp: 1772344800 }],
      CreationTime: 1772344800.123,
    }));

    expect(await adapter.describeTrainingJob('job-1')).toMatchObject({
      TrainingJobName: 'job-1',
      FinalMetricDataList: [{ MetricName: 'auc', Value: 0.75 }],
    });
  });

  it.each([
    ['DescribeTrainingJob', 'ValidationException', 'Requested resource not found.', 'describeTrainingJob'],
    ['DescribeTransformJob', 'ResourceNotFound', 'no such job', 'describeTransformJob'],
    ['DescribeEndpoint', 'ValidationException', 'Could not find endpoint "arn:x".', 'describeEndpoint'],
    [
      'DescribeEndpointConfig',
      'ValidationException',
      'Could not find endpoint configuration "arn:x".',
      'modelOfEndpointConfig',
    ],
    ['DeleteEndpoint', 'ValidationException', 'Could not find endpoint "arn:x".', 'deleteEndpoint'],
    ['DescribeModelPackage', 'ValidationException', 'ModelPackage arn:x does not exist.', 'describeModelPackage'],
  ] as const)('takes %s’s %s for nothing there', async (operation, error, message, method) => {
    const adapter = await refusing(operation, error, message);

    expect(await adapter[method]('x')).toBeUndefined();
  });

  it.each([
    ['Requested resource not found.', false],
    ['The request was rejected because the training job is in status Completed.', true],
  ])('has nothing to stop where it hears: %s', async (message, exists) => {
    const adapter = await refusing('StopTrainingJob', 'ValidationException', message);

    expect(await adapter.stopTrainingJob('x')).toBe(exists);
  });

  it('is content with a model package group that exists', async () => {
    const message = 'ModelPackageGroup already exists: arn:aws:sagemaker:x';
    const adapter = await refusing('CreateModelPackageGroup', 'ValidationException', message);

    const request = { ModelPackageGroupName: 'flights', ModelPackageGroupDescription: 'x', Tags: [] };
    expect(await adapter.createModelPackageGroup(request)).toBeUndefined();
  });

  it('decides about a model package, with the reason', async () => {
    const sent: unknown[] = [];
    const adapter = await against('UpdateModelPackage', (input: unknown) => {
      sent.push(input);
      return { ModelPackageArn: 'arn:x' };
    });

    await adapter.decideModelPackage('arn:x', 'Rejected', 'Trained on a holiday.');

    expect(sent).toEqual([
      { ModelPackageArn: 'arn:x', ModelApprovalStatus: 'Rejected', ApprovalDescription: 'Trained on a holiday.' },
    ]);
  });

  it('tells a job’s name that is taken from other refusals', async () => {
    const adapter = await refusing('CreateTrainingJob', 'ResourceInUse', 'Training job names must be unique …');

    expect(await adapter.createTrainingJob({ TrainingJobName: 'x' } as never)).toBe('exists');
  });

  it('takes a model that exists for the same, because its name stands for its content', async () => {
    const adapter = await refusing(
      'CreateModel',
      'ValidationException',
      'Cannot create already existing model "arn:x".',
    );

    await expect(adapter.createModel({ ModelName: 'x' } as never)).resolves.toBeUndefined();
  });

  it.each([
    [
      'ResourceLimitExceeded',
      "The account-level service limit 'ml.p3.2xlarge' is 0 Instances",
      'CapacityUnavailableError',
    ],
    ['ThrottlingException', 'Rate exceeded', 'SageMakerUnavailableError'],
    ['ValidationException', "1 validation error detected: Value 'ml.huge'", 'SageMakerRefusedError'],
  ])('translates %s, keeping SageMaker’s words', async (error, message, name) => {
    const adapter = await refusing('CreateTrainingJob', error, message);

    await expect(adapter.createTrainingJob({ TrainingJobName: 'x' } as never)).rejects.toMatchObject({
      name,
      message: expect.stringContaining(message),
    });
  });

  it('leaves other errors, such as a missing permission, as they are', async () => {
    const adapter = await refusing('CreateTrainingJob', 'AccessDeniedException', 'not authorized: sagemaker:AddTags');

    await expect(adapter.createTrainingJob({ TrainingJobName: 'x' } as never)).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });

  it('tells a busy endpoint from a refused one, and waits for a configuration to be seen', async () => {
    const update = (message: string) =>
      refusing('UpdateEndpoint', 'ValidationException', message).then((adapter) =>
        adapter.updateEndpoint({ EndpointName: 'x', EndpointConfigName: 'y' }).finally(() => server!.close()),
      );

    await expect(update('Cannot update in-progress endpoint "arn:x".')).rejects.toMatchObject({
      name: 'EndpointBusyError',
    });
    await expect(update('Could not find endpoint configuration "arn:y".')).rejects.toMatchObject({
      name: 'SageMakerUnavailableError',
    });
    await expect(update('You cannot change a real-time endpoint to serverless.')).rejects.toMatchObject({
      name: 'SageMakerRefusedError',
    });
  });
});
