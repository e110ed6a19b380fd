import { beforeEach, describe, expect, it } from 'vitest';
import { planScoring } from '#functions/prediction/plan-scoring/plan-scoring.ts';
import { givenModel } from '#test/shared/models/fixture.ts';
import { givenDataset, givenRun, RUN_URI } from '#test/shared/pipeline/fixture.ts';
import { type InMemoryPorts, inMemoryPorts } from '#test/shared/tasks/ports.ts';

let ports: InMemoryPorts;
let modelRecordUri: string;
beforeEach(async () => {
  ports = inMemoryPorts();
  modelRecordUri = await givenModel(ports.objectStore);
  await givenDataset(ports.objectStore, 'score', ['ID', 'A'], ['1,a\n2,b\n', '', '3,c\n']);
});

const given = (method: string, deployment: object = { target: 'sagemaker' }) =>
  givenRun(ports.objectStore, {
    settings: {
      deployment,
      prediction: {
        source: { view: 'V_SCORE', key: ['ID'] },
        method,
        columns: [{ name: 'P', type: 'DOUBLE' }],
        target: { table: 'T' },
      },
    },
  });

const givenEndpoint = (modelName: string) => {
  ports.sageMaker.endpoints.set('flights', { EndpointStatus: 'InService', EndpointConfigName: 'config-1' });
  ports.sageMaker.endpointConfigs.set('config-1', {
    EndpointConfigName: 'config-1',
    ProductionVariants: [{ VariantName: 'AllTraffic', ModelName: modelName }],
    Tags: [],
  });
};

const openCluster = () => Promise.reject(new Error('No cluster is needed.'));
const plan = () => planScoring({ runUri: RUN_URI, modelRecordUri }, { ...ports, openCluster });

describe('planScoring', () => {
  it('leaves a transform to itself', async () => {
    await given('transform');

    expect(await plan()).toEqual({
      method: 'transform',
      predictionsUri: `${RUN_URI}predictions/parts/`,
      model: 'job-1',
      reused: null,
      plan: null,
    });
  });

  it('plans a line for each part that has rows, to be asked of the endpoint', async () => {
    await given('endpoint', { target: 'sagemaker', serverless: { maxConcurrency: 9 } });
    givenEndpoint('job-1-0123abcd');

    const { plan: scoring } = await plan();

    expect(scoring).toMatchObject({ bucket: 'store', partCount: 2, concurrency: 9 });
    const lines = ports.objectStore.objects.get(`s3://${scoring!.bucket}/${scoring!.key}`)!.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { runUri: RUN_URI, endpointName: 'flights', part: 0, uri: `${RUN_URI}score/parts/part-0.csv` },
      { runUri: RUN_URI, endpointName: 'flights', part: 1, uri: `${RUN_URI}score/parts/part-2.csv` },
    ]);
  });

  it('refuses an endpoint that serves another model, saying which', async () => {
    await given('endpoint');
    givenEndpoint('job-1-2-0123abcd');

    await expect(plan()).rejects.toMatchObject({
      name: 'EndpointFailedError',
      message: expect.stringMatching(/serves job-1-2-\w+, not the model of job-1\./),
    });
  });

  it('refuses when there is no endpoint', async () => {
    await given('endpoint');

    await expect(plan()).rejects.toMatchObject({ name: 'EndpointFailedError' });
  });
});
