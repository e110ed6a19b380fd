import { expect, it } from 'vitest';
import type { DatasetManifest } from '#shared/dataset/manifest.ts';
import { isSameTrainingJob, trainingJobRequest } from '#shared/sagemaker/training-job.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenDataset, givenRun } from '#test/shared/pipeline/fixture.ts';

const settings = { region: 'eu-central-1', trainingRoleArn: 'arn:aws:iam::1:role/training' };

const requestOf = async (training: object = {}, runId = 'run-1', dataset: Partial<DatasetManifest> = {}) => {
  const objectStore = inMemoryObjectStore();
  const run = await givenRun(objectStore, { settings: { training }, runId });
  const given = async (name: 'train' | 'test') => ({
    ...(await givenDataset(objectStore, name, ['A'], ['1\n'], false, run.runUri)),
    ...dataset,
  });
  const datasets = { train: await given('train'), test: await given('test') };
  return trainingJobRequest('flights-1', run, datasets, 'image', settings);
};

it('asks for script mode as SageMaker’s Python SDK does', async () => {
  expect(
    await requestOf({ hyperparameters: { n_estimators: 10, crit: 'gini', flag: true, lst: [1, 2], none: null } }),
  ).toEqual({
    TrainingJobName: 'flights-1',
    AlgorithmSpecification: { TrainingInputMode: 'File', TrainingImage: 'image' },
    RoleArn: 'arn:aws:iam::1:role/training',
    InputDataConfig: ['train', 'test'].map((name) => ({
      ChannelName: name,
      ContentType: 'text/csv',
      DataSource: {
        S3DataSource: {
          S3DataType: 'S3Prefix',
          S3Uri: `s3://store/fedml/staged/flights/run-1/${name}/`,
          S3DataDistributionType: 'FullyReplicated',
        },
      },
    })),
    OutputDataConfig: { S3OutputPath: 's3://store/fedml/training-output/flights/run-1' },
    ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 30 },
    StoppingCondition: { MaxRuntimeInSeconds: 3600 },
    HyperParameters: {
      n_estimators: '10',
      crit: '"gini"',
      flag: 'true',
      lst: '[1,2]',
      none: 'null',
      sagemaker_submit_directory: '"s3://store/fedml/source/flights/run-1/sourcedir.tar.gz"',
      sagemaker_program: '"train.py"',
      sagemaker_container_log_level: '20',
      sagemaker_job_name: '"flights-1"',
      sagemaker_region: '"eu-central-1"',
    },
    ProfilerConfig: { DisableProfiler: true },
    Tags: [
      { Key: 'fedml:store', Value: 'store' },
      { Key: 'fedml:pipeline', Value: 'flights' },
      { Key: 'fedml:run', Value: 'run-1' },
    ],
  });
});

it('passes every other option of pipeline.yml on', async () => {
  const request = await requestOf({
    instanceType: 'ml.c5.xlarge',
    instanceCount: 2,
    volumeSizeGb: 50,
    maxRuntimeSeconds: 600,
    spot: { maxWaitSeconds: 900 },
    metrics: [{ name: 'auc', regex: 'auc=(.*)' }],
    environment: { LEVEL: 'debug' },
    tags: { team: 'air' },
    vpc: { subnets: ['subnet-0a1b'], securityGroupIds: ['sg-0a1b'] },
    kmsKeyId: 'alias/fedml',
  });

  expect(request).toMatchObject({
    AlgorithmSpecification: { MetricDefinitions: [{ Name: 'auc', Regex: 'auc=(.*)' }] },
    OutputDataConfig: { KmsKeyId: 'alias/fedml' },
    ResourceConfig: {
      InstanceType: 'ml.c5.xlarge',
      InstanceCount: 2,
      VolumeSizeInGB: 50,
      VolumeKmsKeyId: 'alias/fedml',
    },
    StoppingCondition: { MaxRuntimeInSeconds: 600, MaxWaitTimeInSeconds: 900 },
    EnableManagedSpotTraining: true,
    CheckpointConfig: { S3Uri: 's3://store/fedml/checkpoints/flights/run-1' },
    Environment: { LEVEL: 'debug' },
    VpcConfig: { Subnets: ['subnet-0a1b'], SecurityGroupIds: ['sg-0a1b'] },
  });
  expect(request.Tags).toContainEqual({ Key: 'team', Value: 'air' });
});

it('hands the code over as a channel where the container has no network', async () => {
  const { InputDataConfig, HyperParameters, EnableNetworkIsolation } = await requestOf({ networkIsolation: true });

  expect(EnableNetworkIsolation).toBe(true);
  expect(InputDataConfig.at(-1)).toMatchObject({
    ChannelName: 'code',
    DataSource: { S3DataSource: { S3Uri: 's3://store/fedml/source/flights/run-1/' } },
  });
  expect(HyperParameters.sagemaker_submit_directory).toBe('"/opt/ml/input/data/code/sourcedir.tar.gz"');
});

it('makes a tag of an execution name that tags wouldn’t take', async () => {
  expect((await requestOf({}, 'run!(1)')).Tags).toContainEqual({ Key: 'fedml:run', Value: 'run__1_' });
});

it('knows its own job again by what it trains with and where it leaves the model', async () => {
  const request = await requestOf({ hyperparameters: { depth: 3 } });

  expect(isSameTrainingJob(request, request)).toBe(true);
  expect(isSameTrainingJob(await requestOf({ hyperparameters: { depth: 4 } }), request)).toBe(false);
  expect(isSameTrainingJob(await requestOf({ hyperparameters: { depth: 3 } }, 'run-2'), request)).toBe(false);
});

it('reads the parts of the run that they are reused from, and tells Parquet from CSV', async () => {
  const { InputDataConfig } = await requestOf({}, 'run-2', {
    reusedFrom: 's3://store/fedml/runs/flights/run-1/',
    format: { type: 'parquet', compression: 'zstd' },
  });

  expect(InputDataConfig).toMatchObject([
    {
      ContentType: 'application/x-parquet',
      DataSource: { S3DataSource: { S3Uri: 's3://store/fedml/staged/flights/run-1/train/' } },
    },
    { ContentType: 'application/x-parquet' },
  ]);
});
