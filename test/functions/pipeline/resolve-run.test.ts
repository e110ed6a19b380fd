import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveRun as resolveRunStep } from '#functions/pipeline/resolve-run/resolve-run.ts';
import { promote } from '#shared/models/model-record.ts';
import { loadRun } from '#shared/pipeline/run.ts';
import { sourceArchiveUri } from '#shared/sagemaker/source-archive.ts';
import { granted } from '#test/functions/granted.ts';
import { inMemoryExecutions } from '#test/shared/executions/in-memory.ts';
import { givenModel } from '#test/shared/models/fixture.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { RUN_URI, STORE_URI } from '#test/shared/pipeline/fixture.ts';
import { inMemorySageMaker } from '#test/shared/sagemaker/in-memory.ts';

const resolveRun = granted('resolveRun', resolveRunStep);

const PREDICTION = `prediction:
  source: { view: V_SCORE, key: [ID] }
  columns: [{ name: P, type: DOUBLE }]
  target: { table: T }
`;

let objectStore: ReturnType<typeof inMemoryObjectStore>;
const executions = inMemoryExecutions();
let pipelinesDir: string;
beforeEach(async () => {
  objectStore = inMemoryObjectStore();
  pipelinesDir = await mkdtemp(join(tmpdir(), 'fedml-resolve-'));
});
afterEach(() => rm(pipelinesDir, { recursive: true }));

const givenPipeline = async (name: string, more = ''): Promise<void> => {
  await mkdir(join(pipelinesDir, name), { recursive: true });
  await writeFile(
    join(pipelinesDir, name, 'pipeline.yml'),
    `name: ${name}\nsource: { view: V, key: [ID], target: LATE }\n${more}`,
  );
  await writeFile(join(pipelinesDir, name, 'train.py'), 'print(1)\n');
};

let sageMaker: ReturnType<typeof inMemorySageMaker>;
beforeEach(() => {
  sageMaker = inMemorySageMaker();
});

const resolve = (input: unknown, executionName = 'run-1') =>
  resolveRun(
    { input, executionArn: `arn:execution:${executionName}`, executionName, startedAt: '2026-03-01T06:00:00.000Z' },
    { objectStore, executions, sageMaker },
    { storeUri: STORE_URI, pipelinesDir, region: 'eu-central-1', stage: 'prod' },
  );

const givenChampion = async (trainingJobName: string): Promise<string> => {
  const modelRecordUri = await givenModel(objectStore, { trainingJobName });
  const record = JSON.parse(objectStore.objects.get(modelRecordUri)!);
  await promote(objectStore, { modelRecordUri, record, storeUri: STORE_URI, runUri: RUN_URI });
  return modelRecordUri;
};

describe('the endpoint', () => {
  const givenEndpoint = async (EndpointStatus: string): Promise<void> => {
    const variant = { VariantName: 'AllTraffic', ModelName: 'm', InstanceType: 'ml.m5.large' } as const;
    await sageMaker.createEndpointConfig({ EndpointConfigName: 'c', ProductionVariants: [variant], Tags: [] });
    sageMaker.endpoints.set('flights-prod', { EndpointConfigName: 'c', EndpointStatus });
  };
  const SERVERLESS = 'deployment: { target: sagemaker, serverless: {} }\n';

  it.each([
    ['full', {}],
    ['deploy', { trainingJobName: 'Churn-2024' }],
  ])('that can’t be changed as the pipeline wants is found before mode %s pays for anything', async (mode, more) => {
    await givenPipeline('flights', SERVERLESS);
    await givenEndpoint('InService');

    await expect(resolve({ mode, ...more })).rejects.toMatchObject({
      name: 'SageMakerRefusedError',
      message: expect.stringContaining('from instances to serverless'),
    });
    expect(objectStore.objects.size).toBe(0);
  });

  it('doesn’t matter to a run that doesn’t change it, or to one that makes it anew', async () => {
    await givenPipeline('flights', SERVERLESS);
    await givenEndpoint('InService');
    await expect(resolve({ mode: 'train' })).resolves.toMatchObject({ deploy: false });

    await givenEndpoint('Failed');
    await expect(resolve({ mode: 'full' }, 'run-2')).resolves.toMatchObject({ deploy: true });
  });
});

describe('the input', () => {
  it('may be empty where one pipeline is deployed', async () => {
    await givenPipeline('flights');

    expect(await resolve({})).toEqual({
      runUri: RUN_URI,
      pipeline: 'flights',
      mode: 'full',
      train: true,
      adopt: null,
      deploy: false,
      predict: false,
      deploymentTarget: 'none',
      modelRecordUri: null,
    });
  });

  it('must name one of several', async () => {
    await givenPipeline('flights');
    await givenPipeline('weather');

    await expect(resolve({})).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringContaining('flights, weather'),
    });
  });

  it.each([
    [{ pipeline: 'flights', colour: 'blue' }, /colour/],
    [{ pipeline: 'flights', mode: 'fast' }, /mode/],
    ['flights', /expected object/],
    [null, /expected object/],
    [[], /expected object/],
    [{ pipeline: 1, overrides: [] }, /pipeline[\s\S]*overrides/],
  ])('is refused with what was expected: %j', async (input, message) => {
    await givenPipeline('flights');

    await expect(resolve(input)).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringMatching(message),
    });
    await expect(resolve(input)).rejects.toThrow(/Expected: \{"pipeline"/);
  });

  it('may come from a state machine of somebody else’s', async () => {
    await givenPipeline('flights');

    expect(await resolve({ AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: 'arn:other' })).toMatchObject({
      pipeline: 'flights',
    });
  });

  it('that names an unknown pipeline is offered the nearest', async () => {
    await givenPipeline('flights');

    await expect(resolve({ pipeline: 'fligths' })).rejects.toMatchObject({
      name: 'UnknownPipelineError',
      message: expect.stringContaining('Did you mean flights?'),
    });
    await expect(resolve({ pipeline: '../flights' })).rejects.toMatchObject({ name: 'UnknownPipelineError' });
  });
});

describe('the mode', () => {
  const definition = `deployment: { target: sagemaker }\n${PREDICTION}`;

  it.each([
    ['full', { train: true, deploy: true, predict: true }],
    ['train', { train: true, deploy: false, predict: false }],
    ['score', { train: false, deploy: false, predict: true }],
  ])('%s decides which children are run', async (mode, steps) => {
    await givenPipeline('flights', definition);
    await givenChampion('job-1');

    expect(await resolve({ mode })).toMatchObject(steps);
  });

  it('deploy takes the model of the job that is named, needs no champion, and neither trains nor predicts', async () => {
    await givenPipeline('flights', definition);

    expect(await resolve({ mode: 'deploy', trainingJobName: 'Churn-2024' })).toMatchObject({
      mode: 'deploy',
      train: false,
      adopt: 'Churn-2024',
      deploy: true,
      predict: false,
      modelRecordUri: null,
    });
  });

  it.each([
    [{ mode: 'deploy' }, 'belongs to mode "deploy"', definition],
    [{ trainingJobName: 'Churn-2024' }, 'belongs to mode "deploy"', definition],
    [{ mode: 'deploy', trainingJobName: '../x' }, 'must be the name of a training job', definition],
    [{ mode: 'deploy', trainingJobName: 'Churn-2024' }, 'deployment.target is none', ''],
  ])('deploy is refused: %j, %s', async (input, message, more) => {
    await givenPipeline('flights', more);

    await expect(resolve(input)).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringMatching(message.replace(/"/g, '.')),
    });
  });

  it('deploy is allowed with a watermark, which only a registered model moves', async () => {
    await givenPipeline('flights', definition);
    await writeFile(
      join(pipelinesDir, 'flights', 'pipeline.yml'),
      `name: flights\nsource: { view: V, key: [ID], target: LATE, watermark: ID }\n${definition}`,
    );

    expect(await resolve({ mode: 'deploy', trainingJobName: 'Churn-2024' })).toMatchObject({
      train: false,
      deploy: true,
    });
  });

  it('score takes the champion of the moment, also when the step is run again', async () => {
    await givenPipeline('flights', definition);
    const champion = await givenChampion('job-1');

    expect(await resolve({ mode: 'score' })).toMatchObject({ modelRecordUri: champion });
    await givenChampion('job-2');
    expect(await resolve({ mode: 'score' })).toMatchObject({ modelRecordUri: champion });
  });

  it('score without a champion is an error of its own', async () => {
    await givenPipeline('flights', definition);

    await expect(resolve({ mode: 'score' })).rejects.toMatchObject({ name: 'NoChampionError' });
  });

  it('score needs a prediction', async () => {
    await givenPipeline('flights');

    await expect(resolve({ mode: 'score' })).rejects.toMatchObject({ name: 'InvalidInputError' });
  });
});

describe('the run', () => {
  it('is recorded with its definition, overrides applied, and its code', async () => {
    await givenPipeline('flights');

    await resolve({ overrides: { 'training.instanceType': 'ml.c5.xlarge' } });

    expect(await loadRun(objectStore, RUN_URI)).toMatchObject({
      runId: 'run-1',
      stage: 'prod',
      executionArn: 'arn:execution:run-1',
      input: { overrides: { 'training.instanceType': 'ml.c5.xlarge' } },
      definition: { training: { instanceType: 'ml.c5.xlarge' } },
      codeSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(objectStore.objects.has(sourceArchiveUri(RUN_URI))).toBe(true);
  });

  it('is the same when the step is run again', async () => {
    await givenPipeline('flights');
    const first = await resolve({});
    const record = objectStore.objects.get(`${RUN_URI}run.json`);

    expect(await resolve({})).toEqual(first);
    expect(objectStore.objects.get(`${RUN_URI}run.json`)).toBe(record);
  });

  it('can’t take the folder of a run that does something else', async () => {
    await givenPipeline('flights');
    await resolve({});

    await expect(resolve({ mode: 'train' })).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringContaining('another name'),
    });
  });

  it('stops before anything is paid for when no image serves the framework', async () => {
    await givenPipeline('flights', `training: { frameworkVersion: 1.4-2 }\n${PREDICTION}`);

    await expect(resolve({})).rejects.toMatchObject({
      name: 'InvalidPipelineError',
      message: expect.stringContaining('for inference'),
    });
    expect(objectStore.objects.size).toBe(0);
  });
});
