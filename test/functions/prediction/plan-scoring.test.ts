import { beforeEach, describe, expect, it } from 'vitest';
import { planScoring as planScoringStep } from '#functions/prediction/plan-scoring/plan-scoring.ts';
import { partsUri } from '#shared/dataset/manifest.ts';
import { rememberScoring } from '#shared/reuse/known-scoring.ts';
import { loadScoring } from '#shared/reuse/scoring-fact.ts';
import { predictionPartsUri } from '#shared/sagemaker/transform-job.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import { granted } from '#test/functions/granted.ts';
import { givenModel } from '#test/shared/models/fixture.ts';
import { givenDataset, givenRun, RUN_URI } from '#test/shared/pipeline/fixture.ts';
import { type InMemoryPorts, inMemoryPorts } from '#test/shared/tasks/ports.ts';

const planScoring = granted('planScoring', planScoringStep);

let ports: InMemoryPorts;
let modelRecordUri: string;
beforeEach(async () => {
  ports = inMemoryPorts();
  modelRecordUri = await givenModel(ports.objectStore);
  await givenDataset(ports.objectStore, 'score', ['ID', 'A'], ['1,a\n2,b\n', '', '3,c\n']);
});

const given = (method: string, deployment: object = { target: 'sagemaker' }, settings: object = {}) =>
  givenRun(ports.objectStore, {
    settings: {
      ...settings,
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

/** Another run has published the predictions of a transform of the same; gives its folder. */
const givenEarlierTransform = async (): Promise<string> => {
  await given('transform');
  await plan();
  const { inputsSha256 } = (await loadScoring(ports.objectStore, RUN_URI))!;
  const runUri = RUN_URI.replace('run-1', 'run-0');
  const predictionsUri = predictionPartsUri(runUri);
  for (const part of [0, 1]) await ports.objectStore.put(`${predictionsUri}${part}.out`, `${part},0.5\n`);
  await rememberScoring(ports.objectStore, { runUri, pipeline: 'flights' }, inputsSha256!, predictionsUri);
  return runUri;
};

const openCluster = () => Promise.reject(new Error('No cluster is needed.'));
const plan = () => planScoring({ runUri: RUN_URI, modelRecordUri }, { ...ports, openCluster });

describe('planScoring', () => {
  it('leaves a transform to itself', async () => {
    await given('transform');

    expect(await plan()).toEqual({
      method: 'transform',
      predictionsUri: predictionPartsUri(RUN_URI),
      model: 'job-1',
      reused: null,
      plan: null,
    });
  });

  it('takes the predictions of an earlier transform of the same rows by the same model', async () => {
    const earlier = await givenEarlierTransform();
    await given('transform');

    expect(await plan()).toEqual({
      method: 'transform',
      predictionsUri: predictionPartsUri(earlier),
      model: 'job-1',
      reused: { runUri: earlier, because: 'the model, the rows and the settings are the same' },
      plan: null,
    });
  });

  it.each<[string, (earlier: string) => unknown]>([
    ['a part of them is gone', (earlier) => ports.objectStore.delete(`${predictionPartsUri(earlier)}1.out`)],
    ['a part of them changed', (earlier) => ports.objectStore.put(`${predictionPartsUri(earlier)}1.out`, '2,0.9\n')],
    ['there is a part more', (earlier) => ports.objectStore.put(`${predictionPartsUri(earlier)}2.out`, '3,0.9\n')],
    ['the run is to reuse nothing', () => given('transform', undefined, { reuse: false })],
    [
      'the model is served with another variable',
      () => given('transform', { target: 'sagemaker', environment: { LEVEL: 'debug' } }),
    ],
    [
      'another model predicts',
      async () => {
        modelRecordUri = await givenModel(ports.objectStore, { trainingJobName: 'job-2' });
      },
    ],
    [
      'the rows changed',
      async () => {
        const manifest = await givenDataset(ports.objectStore, 'score', ['ID', 'A'], ['1,a\n']);
        const parts = manifest.parts.map((part) => ({ ...part, sha256: 'f'.repeat(64) }));
        await ports.objectStore.put(`${RUN_URI}score/manifest.json`, JSON.stringify({ ...manifest, parts }));
      },
    ],
  ])('has the transform run anew when %s', async (_, change) => {
    const earlier = await givenEarlierTransform();
    await given('transform');
    await change(earlier);

    expect(await plan()).toMatchObject({ reused: null, predictionsUri: predictionPartsUri(RUN_URI) });
  });

  it('asks a deployed model anew each time', async () => {
    await givenEarlierTransform();
    await given('endpoint');
    givenEndpoint('job-1-0123abcd');

    expect(await plan()).toMatchObject({ method: 'endpoint', reused: null });
  });

  it('plans a line for each part that has rows, to be asked of the endpoint', async () => {
    await given('endpoint', { target: 'sagemaker', serverless: { maxConcurrency: 9 } });
    givenEndpoint('job-1-0123abcd');

    const { plan: scoring } = await plan();

    expect(scoring).toMatchObject({ bucket: 'store', partCount: 2, concurrency: 9 });
    const lines = ports.objectStore.objects.get(`s3://${scoring!.bucket}/${scoring!.key}`)!.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { runUri: RUN_URI, endpointName: 'flights', part: 0, uri: `${partsUri(RUN_URI, 'score')}part-0.csv` },
      { runUri: RUN_URI, endpointName: 'flights', part: 1, uri: `${partsUri(RUN_URI, 'score')}part-2.csv` },
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

describe('planScoring, of the features', () => {
  const double = (name: string) => columnOfType(name, 'DOUBLE');
  const givenFeatures = async (trained: string[], scored: string[]) => {
    await given('transform');
    const contract = { features: trained.map(double), key: ['ID'], target: 'LATE' };
    modelRecordUri = await givenModel(ports.objectStore, { contract });
    await givenDataset(ports.objectStore, 'score', ['ID', ...scored], []);
  };

  it.each([
    ['too few', ['A', 'B', 'C'], ['A', 'C'], /missing: B/],
    ['too many', ['A'], ['A', 'B'], /extra: B/],
    ['the target among them', ['A', 'B'], ['A', 'LATE'], /missing: B[\s\S]*LATE is the target/],
    ['another order', ['A', 'B'], ['B', 'A'], /in another order: B, A\. The model takes 2, in this order: A, B/],
  ])('refuses a dataset with %s', async (_, trained, scored, message) => {
    await givenFeatures(trained, scored);

    await expect(plan()).rejects.toMatchObject({
      name: 'FeatureMismatchError',
      message: expect.stringMatching(message),
    });
  });

  it('notes what the model has not seen in training', async () => {
    await givenFeatures(['A'], ['A']);
    const contract = { features: [{ ...double('A'), nullable: false }], key: ['ID'], target: 'LATE' };
    modelRecordUri = await givenModel(ports.objectStore, { trainingJobName: 'job-2', contract });

    await plan();

    expect((await loadScoring(ports.objectStore, RUN_URI))!.notes).toEqual([
      'A may be NULL, and was NOT NULL in training.',
    ]);
  });

  it('says that nothing is known of a model that was trained elsewhere', async () => {
    await givenFeatures(['A'], ['B']);
    modelRecordUri = await givenModel(ports.objectStore, { trainingJobName: 'job-2', contract: null });

    await plan();

    expect((await loadScoring(ports.objectStore, RUN_URI))!.notes).toEqual([
      expect.stringContaining('nothing records its features'),
    ]);
  });

  it('knows the features of a model that was registered before contracts by its training data', async () => {
    await givenFeatures([], ['B']);
    modelRecordUri = await givenModel(ports.objectStore, { trainingJobName: 'job-2' });
    await givenDataset(ports.objectStore, 'train', ['ID', 'A', 'LATE'], []);

    await expect(plan()).rejects.toMatchObject({ message: expect.stringContaining('missing: A') });
  });
});
