import { expect, it } from 'vitest';
import { transformJobRequest } from '#shared/sagemaker/transform-job.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenDataset, givenRun } from '#test/shared/pipeline/fixture.ts';

const requestOf = async (key: string[], features: string[], more: object = {}) => {
  const objectStore = inMemoryObjectStore();
  const prediction = {
    source: { view: 'V_SCORE', key },
    instances: { type: 'ml.c5.xlarge', count: 3 },
    columns: [{ name: 'P', type: 'DOUBLE' }],
    target: { table: 'T' },
    ...more,
  };
  const run = await givenRun(objectStore, { settings: { prediction } });
  const manifest = await givenDataset(objectStore, 'score', [...key, ...features], ['1,2\n']);
  return transformJobRequest('flights-1', run, 'model-1', manifest);
};

it('keeps the key from the model and joins it to the answer', async () => {
  expect(await requestOf(['ID', 'DAY'], ['A', 'B', 'C'])).toEqual({
    TransformJobName: 'flights-1',
    ModelName: 'model-1',
    BatchStrategy: 'MultiRecord',
    MaxConcurrentTransforms: 1,
    MaxPayloadInMB: 6,
    ModelClientConfig: { InvocationsTimeoutInSeconds: 3600, InvocationsMaxRetries: 3 },
    Environment: { SAGEMAKER_MODEL_SERVER_TIMEOUT: '3600' },
    TransformInput: {
      DataSource: {
        S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://store/fedml/staged/flights/run-1/score/' },
      },
      ContentType: 'text/csv',
      SplitType: 'Line',
    },
    TransformOutput: {
      S3OutputPath: 's3://store/fedml/predictions/flights/run-1',
      Accept: 'text/csv',
      AssembleWith: 'Line',
    },
    TransformResources: { InstanceType: 'ml.c5.xlarge', InstanceCount: 3 },
    DataProcessing: { InputFilter: '$[2:]', JoinSource: 'Input', OutputFilter: '$[0,1,5:]' },
    Tags: [
      { Key: 'fedml:store', Value: 'store' },
      { Key: 'fedml:pipeline', Value: 'flights' },
      { Key: 'fedml:run', Value: 'run-1' },
    ],
  });
});

it('sends a slow model payloads of the size in pipeline.yml', async () => {
  expect(await requestOf(['ID'], ['A'], { payloadKb: 64 })).toMatchObject({ MaxPayloadInMB: 1 });
  expect(await requestOf(['ID'], ['A'], { payloadKb: 2049 })).toMatchObject({ MaxPayloadInMB: 3 });
});

it('refuses a key that a filter has no room for', async () => {
  const key = Array.from({ length: 30 }, (_, index) => `K${index}`);

  await expect(requestOf(key, ['A'])).rejects.toMatchObject({
    name: 'InvalidPipelineError',
    message: expect.stringContaining('prediction.method: endpoint'),
  });
});
