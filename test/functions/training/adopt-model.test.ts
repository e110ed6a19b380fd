import { beforeEach, describe, expect, it } from 'vitest';
import { adoptModel as adoptModelStep } from '#functions/training/adopt-model/adopt-model.ts';
import { loadModelRecord } from '#shared/models/model-record.ts';
import type { TrainingJobDescription } from '#shared/sagemaker/training-job.ts';
import { granted } from '#test/functions/granted.ts';
import { givenModel } from '#test/shared/models/fixture.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenRun, RUN_URI, STORE_URI } from '#test/shared/pipeline/fixture.ts';
import { type InMemorySageMaker, inMemorySageMaker } from '#test/shared/sagemaker/in-memory.ts';

const adoptModel = granted('adoptModel', adoptModelStep);

const IMAGE = '492215442770.dkr.ecr.eu-central-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3';
const ELSEWHERE = 's3://sagemaker-eu-central-1-000000000000/Churn-2024';

/** As DescribeTrainingJob tells of a job that SageMaker's Python SDK has started. */
const JOB: TrainingJobDescription = {
  TrainingJobName: 'Churn-2024',
  TrainingJobStatus: 'Completed',
  ModelArtifacts: { S3ModelArtifacts: `${ELSEWHERE}/output/model.tar.gz` },
  AlgorithmSpecification: { TrainingImage: IMAGE },
  HyperParameters: {
    sagemaker_program: '"churn.py"',
    sagemaker_submit_directory: `"${ELSEWHERE}/source/sourcedir.tar.gz"`,
  },
  FinalMetricDataList: [{ MetricName: 'auc', Value: 0.75 }],
};

let objectStore: ReturnType<typeof inMemoryObjectStore>;
let sageMaker: InMemorySageMaker;
beforeEach(() => {
  objectStore = inMemoryObjectStore();
  sageMaker = inMemorySageMaker();
  objectStore.objects.set(`${ELSEWHERE}/output/model.tar.gz`, 'the model');
  objectStore.objects.set(`${ELSEWHERE}/source/sourcedir.tar.gz`, 'the code');
});

const adopt = async (changes: TrainingJobDescription | undefined = {}, settings = {}) => {
  await givenRun(objectStore, { settings, mode: 'deploy' });
  sageMaker.describeTrainingJob = async () => ({ ...JOB, ...changes });
  return adoptModel(
    { runUri: RUN_URI, trainingJobName: 'Churn-2024' },
    { objectStore, sageMaker },
    { region: 'eu-central-1' },
  );
};

describe('adoptModel', () => {
  it('enters a job from elsewhere in the register, with its archives copied beside the run', async () => {
    const { modelRecordUri } = await adopt();

    expect(modelRecordUri).toBe(`${STORE_URI}/models/flights/Churn-2024.json`);
    const record = await loadModelRecord(objectStore, modelRecordUri);
    expect(record).toMatchObject({
      pipeline: 'flights',
      trainingJobName: 'Churn-2024',
      runUri: RUN_URI,
      entryPoint: 'churn.py',
      imageUri: IMAGE,
      metrics: { auc: 0.75 },
      codeSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(objectStore.objects.get(record.modelArchive.uri)).toBe('the model');
    expect(objectStore.objects.get(record.sourceArchive.uri)).toBe('the code');
    expect([record.modelArchive, record.sourceArchive].every(({ uri }) => uri.includes('/flights/run-1/'))).toBe(true);
  });

  it('registers a version that claims no rows and no evaluation of ours', async () => {
    const { modelRecordUri } = await adopt();

    const { modelPackageArn } = await loadModelRecord(objectStore, modelRecordUri);
    const version = sageMaker.modelPackages.get(modelPackageArn)!;
    expect(version.ModelPackageDescription).toBe('Trained by Churn-2024 elsewhere, taken over by the run run-1.');
    expect(version).not.toHaveProperty('ModelMetrics');
    expect(version.CustomerMetadataProperties).not.toHaveProperty('trainManifest');
    expect(version.CustomerMetadataProperties).toMatchObject({ 'metric.auc': '0.75', trainingJobName: 'Churn-2024' });
  });

  it('leaves a model that is in the register as it is, and copies nothing', async () => {
    const known = await givenModel(objectStore, { trainingJobName: 'Churn-2024' });
    const before = objectStore.objects.get(known);

    expect(await adopt()).toEqual({ modelRecordUri: known });
    expect(objectStore.objects.get(known)).toBe(before);
    expect(sageMaker.modelPackages.size).toBe(0);
  });

  it('gives the same version and record when the step is run again', async () => {
    const first = await adopt();
    const record = objectStore.objects.get(first.modelRecordUri);
    const again = await adopt();

    expect(again).toEqual(first);
    expect(objectStore.objects.get(again.modelRecordUri)).toBe(record);
    expect(sageMaker.modelPackages.size).toBe(1);
  });

  it('serves with the image of pipeline.yml where that names one', async () => {
    const imageUri = '000000000000.dkr.ecr.eu-central-1.amazonaws.com/own-server:1';
    const job = {
      AlgorithmSpecification: { TrainingImage: IMAGE.replace('sagemaker-scikit-learn', 'pytorch-training') },
    };

    const { modelRecordUri } = await adopt(job, { training: { imageUri } });

    expect(await loadModelRecord(objectStore, modelRecordUri)).toMatchObject({ imageUri });
  });

  it('takes hyperparameters that somebody wrote without JSON', async () => {
    const HyperParameters = {
      sagemaker_program: 'churn.py',
      sagemaker_submit_directory: `${ELSEWHERE}/source/sourcedir.tar.gz`,
    };

    const { modelRecordUri } = await adopt({ HyperParameters });

    expect(await loadModelRecord(objectStore, modelRecordUri)).toMatchObject({ entryPoint: 'churn.py' });
  });

  it.each<[string, TrainingJobDescription, string]>([
    ['still runs', { TrainingJobStatus: 'InProgress' }, 'is InProgress'],
    ['failed', { TrainingJobStatus: 'Failed' }, 'is Failed'],
    [
      'left no archive',
      { ModelArtifacts: { S3ModelArtifacts: 's3://b/model/' } },
      'its model is no tar.gz: s3://b/model/',
    ],
    ['ran no script', { HyperParameters: {} }, 'sagemaker_program is missing'],
    [
      'had its code in a channel',
      { HyperParameters: { ...JOB.HyperParameters, sagemaker_submit_directory: '"/opt/ml/input/data/code/x.tar.gz"' } },
      'its code is not on S3',
    ],
    [
      'names a script outside of its folder',
      { HyperParameters: { ...JOB.HyperParameters, sagemaker_program: '"../x.py"' } },
      'sagemaker_program is ../x.py',
    ],
    [
      'ran in an image that has no server',
      { AlgorithmSpecification: { TrainingImage: IMAGE.replace('sagemaker-scikit-learn', 'pytorch-training') } },
      'training.imageUri of pipeline.yml',
    ],
  ])('refuses a job that %s', async (_, changes, message) => {
    await expect(adopt(changes)).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringContaining(message),
    });
    expect(sageMaker.modelPackages.size).toBe(0);
  });

  it('tells all that is missing at once', async () => {
    const { message } = await adopt({
      HyperParameters: {},
      ModelArtifacts: undefined,
      AlgorithmSpecification: {},
    }).then(
      () => ({ message: '' }),
      (error: Error) => error,
    );

    expect(message.split('\n')).toHaveLength(5);
  });

  it('refuses a job that SageMaker doesn’t know', async () => {
    await givenRun(objectStore);

    await expect(
      adoptModel(
        { runUri: RUN_URI, trainingJobName: 'nobody' },
        { objectStore, sageMaker },
        { region: 'eu-central-1' },
      ),
    ).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: 'SageMaker knows no training job nobody in eu-central-1.',
    });
  });

  it('says which object is gone', async () => {
    objectStore.objects.delete(`${ELSEWHERE}/output/model.tar.gz`);

    await expect(adopt()).rejects.toMatchObject({ name: 'ObjectMissingError' });
  });
});
