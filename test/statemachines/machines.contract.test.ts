import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveRun } from '#functions/pipeline/resolve-run/resolve-run.ts';
import type { ResolveRunInput } from '#functions/pipeline/resolve-run/schema.ts';
import { namedError } from '#test/local/step-functions/fake-lambda.ts';
import { inMemoryExecutions } from '#test/shared/executions/in-memory.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { RUN_URI, STORE_URI } from '#test/shared/pipeline/fixture.ts';
import { inMemorySageMaker } from '#test/shared/sagemaker/in-memory.ts';
import { ANSWERS, IMAGE_URI, MODEL_RECORD_URI, planOf, scoringBy } from './answers.ts';
import { ROOT } from './definitions.ts';
import { openMachines } from './open-machines.ts';

const failing =
  (name: string, message = 'on purpose') =>
  () => {
    throw namedError(name, message);
  };

/** Fails so many times, then answers. */
const failingFirst = (times: number, name: string, answer: unknown) => {
  let calls = 0;
  return () => {
    calls += 1;
    if (calls <= times) throw namedError(name);
    return answer;
  };
};

const TRAINING = ['findModel', 'trainModel', 'evaluateModel', 'registerModel'];
const DEPLOYMENT = ['requestApproval', 'deployEndpoint', 'smokeTest', 'promoteModel'];
const STAGED_PART = { part: 0, rowCount: 2, rejectedCount: 0, alreadyStaged: false };
const WRITING = ['planWrite', 'writePart', 'writePart', 'publishPredictions'];

describe('pipeline', () => {
  it('trains, deploys, predicts, and tells the bus of each', async () => {
    await using machines = await openMachines();

    const run = await machines.run('pipeline', { pipeline: 'flights' });

    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      value: { outcome: 'succeeded', runUri: RUN_URI, failure: null },
    });
    expect(machines.called()).toEqual([
      'resolveRun',
      ...TRAINING,
      ...DEPLOYMENT,
      'planScoring',
      'transformDataset',
      ...WRITING,
      'announceRun',
    ]);
    expect(machines.announced).toEqual([
      'Run Started',
      'Model Registered',
      'Endpoint Deployed',
      'Predictions Written',
      'Run Succeeded',
    ]);
    expect(machines.eventOf('resolveRun')).toMatchObject({ input: { pipeline: 'flights' }, executionName: 'run-1' });
    expect(machines.eventOf('planScoring')).toEqual({ runUri: RUN_URI, modelRecordUri: MODEL_RECORD_URI });
    expect(machines.eventOf('planWrite')).toMatchObject({ rowCount: 4, model: 'job-1' });
  });

  it.each([
    ['trains only', { mode: 'train', deploy: false, predict: false }, TRAINING],
    [
      'predicts only, with the champion',
      { mode: 'score', train: false, deploy: false, modelRecordUri: MODEL_RECORD_URI },
      ['planScoring', 'transformDataset', ...WRITING],
    ],
    [
      'deploys nothing where nothing is to be deployed',
      { deploy: false },
      [...TRAINING, 'planScoring', 'transformDataset', ...WRITING],
    ],
    ['predicts nothing where nothing is to be predicted', { predict: false }, [...TRAINING, ...DEPLOYMENT]],
    [
      'goes on with the deployment of a model that the run has trained before',
      { train: false, modelRecordUri: MODEL_RECORD_URI },
      [...DEPLOYMENT, 'planScoring', 'transformDataset', ...WRITING],
    ],
    ['goes on with the end of a run that has done all else', { train: false, deploy: false, predict: false }, []],
  ])('%s', async (_, plan, steps) => {
    await using machines = await openMachines({ answers: { resolveRun: () => planOf(plan) } });

    const run = await machines.run('pipeline', {});

    expect(run.status).toBe('SUCCEEDED');
    expect(machines.called()).toEqual(['resolveRun', ...steps, 'announceRun']);
  });

  it('trains nothing where an earlier model is the same, judges it anew, and registers it as what that run trained', async () => {
    const reused = {
      runUri: RUN_URI.replace('run-1', 'run-0'),
      trainingJobName: 'job-0',
      modelUri: 's3://store/training-output/flights/run-0/job-0/output/model.tar.gz',
    };
    const answers = {
      findModel: () => ({ reused, because: 'the data, the code and the settings are the same' }),
      registerModel: () => ({ modelRecordUri: MODEL_RECORD_URI, isNew: false }),
    };
    await using machines = await openMachines({ answers });

    const run = await machines.run('training', { runUri: RUN_URI });

    expect(run).toMatchObject({ status: 'SUCCEEDED', value: { trainingJobName: 'job-0', modelUri: reused.modelUri } });
    expect(machines.called()).toEqual(['findModel', 'evaluateModel', 'registerModel']);
    expect(machines.announced).toEqual([]);
    expect(machines.eventOf('evaluateModel')).toEqual({
      runUri: RUN_URI,
      trainingJobName: 'job-0',
      modelUri: reused.modelUri,
    });
    expect(machines.eventOf('registerModel')).toMatchObject({ runUri: RUN_URI, trainedByRunUri: reused.runUri });
  });

  it('trains when the search for an earlier model fails', async () => {
    await using machines = await openMachines({ answers: { findModel: failing('InvalidInputError') } });

    const run = await machines.run('training', { runUri: RUN_URI });

    expect(run.status).toBe('SUCCEEDED');
    expect(machines.called()).toEqual(TRAINING);
    expect(machines.eventOf('registerModel')).toMatchObject({ trainedByRunUri: RUN_URI });
  });

  it('writes predictions that an earlier run has made, without making them again', async () => {
    const predictionsUri = 's3://store/fedml/predictions/flights/run-0/';
    const reused = { runUri: RUN_URI.replace('run-1', 'run-0'), because: 'all is the same' };
    const answers = { planScoring: () => ({ ...scoringBy('transform'), predictionsUri, reused }) };
    await using machines = await openMachines({ answers });

    const run = await machines.run('prediction', { runUri: RUN_URI, modelRecordUri: MODEL_RECORD_URI });

    expect(run.status).toBe('SUCCEEDED');
    expect(machines.called()).toEqual(['planScoring', ...WRITING]);
    expect(machines.eventOf('planWrite')).toMatchObject({ predictionsUri });
  });

  it('deploys the model of a job from elsewhere without training', async () => {
    const answers = { resolveRun: () => planOf({ mode: 'deploy', train: false, adopt: 'their-job', predict: false }) };
    await using machines = await openMachines({ answers });

    const run = await machines.run('pipeline', {});

    expect(run.status).toBe('SUCCEEDED');
    expect(machines.called()).toEqual(['resolveRun', 'adoptModel', ...DEPLOYMENT, 'announceRun']);
    expect(machines.eventOf('adoptModel')).toEqual({ runUri: RUN_URI, trainingJobName: 'their-job' });
  });

  it('fails with the input’s error, announced, when there is nothing to run', async () => {
    const answers = { resolveRun: failing('UnknownPipelineError', 'There is no pipeline "x".') };
    await using machines = await openMachines({ answers });

    const run = await machines.run('pipeline', { pipeline: 'x' });

    expect(run).toMatchObject({ status: 'FAILED', error: 'UnknownPipelineError', cause: 'There is no pipeline "x".' });
    expect(machines.eventOf('announceRun')).toMatchObject({ runUri: null, input: { pipeline: 'x' } });
    expect(machines.announced).toEqual(['Run Failed']);
  });

  it.each([
    ['nothing, where one pipeline is deployed', {}, 'SUCCEEDED', undefined],
    ['a pipeline', { pipeline: 'flights' }, 'SUCCEEDED', undefined],
    ['a mode and overrides', { mode: 'train', overrides: { 'training.instanceCount': 2 } }, 'SUCCEEDED', undefined],
    ['another pipeline', { pipeline: 'flight' }, 'FAILED', /There is no pipeline "flight". Did you mean flights\?/],
    [
      'a wrong mode',
      { mode: 'fast' },
      'FAILED',
      /mode[\s\S]*Expected: \{"pipeline": "<name>", "mode": "full" \| "train"/,
    ],
    ['a text', 'flights', 'FAILED', /expected object, received string[\s\S]*Expected:/],
    ['two mistakes', { sql: 'SELECT 1', overrides: 3 }, 'FAILED', /sql[\s\S]*Expected:/],
    [
      'a setting that is fixed',
      { overrides: { 'source.view': 'X' } },
      'FAILED',
      /source\.view: can't be set for one run/,
    ],
  ] as const)('takes or refuses %s as a person types it in the console', async (_, input, status, cause) => {
    const objectStore = inMemoryObjectStore();
    const executions = inMemoryExecutions();
    const settings = { storeUri: STORE_URI, pipelinesDir: join(ROOT, 'pipelines'), region: 'eu-central-1' };
    const answers = {
      resolveRun: (event: ResolveRunInput) =>
        resolveRun(event, { objectStore, executions, sageMaker: inMemorySageMaker() }, settings),
    };
    await using machines = await openMachines({ answers });

    const run = await machines.run('pipeline', input);

    expect(run.status).toBe(status);
    if (cause === undefined) return;
    expect(run.cause).toMatch(cause);
    expect(machines.called()).toEqual(['resolveRun', 'announceRun']);
  });

  it.each([
    ['trainModel', 'TrainingFailedError'],
    ['evaluateModel', 'ModelMissingError'],
    ['registerModel', 'InvalidInputError'],
    ['deployEndpoint', 'EndpointFailedError'],
    ['promoteModel', 'InvalidInputError'],
    ['planScoring', 'EndpointFailedError'],
    ['transformDataset', 'TransformFailedError'],
    ['planWrite', 'TargetTableError'],
    ['publishPredictions', 'DatasetMismatchError'],
  ])('ends with the error of %s, after it was announced', async (step, error) => {
    await using machines = await openMachines({ answers: { [step]: failing(error, 'what happened') } });

    const run = await machines.run('pipeline', {});

    expect(run).toMatchObject({ status: 'FAILED', error, cause: 'what happened' });
    expect(machines.called().at(-1)).toBe('announceRun');
    expect(machines.announced.at(-1)).toBe('Run Failed');
  });

  it('ends with the error of a child’s child', async () => {
    await using machines = await openMachines({ stagingFails: true });

    expect(await machines.run('pipeline', {})).toMatchObject({
      status: 'FAILED',
      error: 'WarehouseLoginError',
      cause: '10: wrong password',
    });
  });

  it('ends with the error of a part, though its Map fails under a name of its own', async () => {
    const answers = { writePart: failing('TargetTableError', 'The column P is too narrow.') };
    await using machines = await openMachines({ answers });

    expect(await machines.run('pipeline', {})).toMatchObject({
      status: 'FAILED',
      error: 'TargetTableError',
      cause: 'The column P is too narrow.',
    });
  });

  it('stops at a gate that isn’t passed: nothing is registered, deployed or predicted', async () => {
    const evaluateModel = () => ({
      gatePassed: false,
      metrics: {},
      reason: 'auc is 0.5, below the minimum of 0.7.',
      billableSeconds: 60,
    });
    await using machines = await openMachines({ answers: { evaluateModel } });

    const run = await machines.run('pipeline', {});

    expect(run).toMatchObject({
      status: 'FAILED',
      error: 'GateNotPassedError',
      cause: 'The model of job-1 did not pass its gate. auc is 0.5, below the minimum of 0.7.',
    });
    expect(machines.called()).toEqual(['resolveRun', 'findModel', 'trainModel', 'evaluateModel', 'announceRun']);
    expect(machines.announced).toEqual(['Run Started', 'Run Gate Not Passed']);
  });

  it('tells the first error also when the announcement fails', async () => {
    const answers = {
      trainModel: failing('TrainingFailedError', 'ValueError'),
      announceRun: failing('ObjectMissingError'),
    };
    await using machines = await openMachines({ answers });

    expect(await machines.run('pipeline', {})).toMatchObject({ status: 'FAILED', error: 'TrainingFailedError' });
  });

  it('doesn’t pass for a success when its record couldn’t be completed', async () => {
    await using machines = await openMachines({ answers: { announceRun: failing('ObjectMissingError') } });

    expect(await machines.run('pipeline', {})).toMatchObject({ status: 'FAILED', error: 'ObjectMissingError' });
  });

  it('goes on when the bus is out of order', { timeout: 60_000 }, async () => {
    await using machines = await openMachines({ busIsDown: true });

    expect(await machines.run('pipeline', {})).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('names its children from its own name, also from a long one', async () => {
    await using machines = await openMachines();
    const name = 'n'.repeat(80);

    expect(await machines.run('pipeline', {}, name)).toMatchObject({ status: 'SUCCEEDED' });
  });
});

describe('training', () => {
  it('answers with the model, and can be started alone', async () => {
    await using machines = await openMachines();

    expect(await machines.run('training', { runUri: RUN_URI })).toMatchObject({
      status: 'SUCCEEDED',
      value: {
        modelUri: 's3://store/training-output/flights/run-1/job-1/output/model.tar.gz',
        trainingJobName: 'job-1',
        modelRecordUri: MODEL_RECORD_URI,
        gatePassed: true,
        metrics: { auc: 0.8, loss: null },
      },
    });
    expect(machines.eventOf('trainModel').attemptId).toMatch(/:training:run-1#0$/);
  });

  it('tries again where SageMaker had no capacity', async () => {
    const trained = {
      trainingJobName: 'job-1-2',
      modelUri: 's3://store/training-output/flights/run-1/job-1/output/model.tar.gz',
    };
    await using machines = await openMachines({
      answers: { trainModel: failingFirst(2, 'CapacityUnavailableError', trained) },
    });

    expect(await machines.run('training', { runUri: RUN_URI })).toMatchObject({
      status: 'SUCCEEDED',
      value: { trainingJobName: 'job-1-2' },
    });
  });

  it('trains once where the script fails', async () => {
    await using machines = await openMachines({ answers: { trainModel: failing('TrainingFailedError') } });

    expect(await machines.run('training', { runUri: RUN_URI })).toMatchObject({ error: 'TrainingFailedError' });
    expect(machines.called()).toEqual(['findModel', 'trainModel']);
  });
});

describe('deployment', () => {
  const input = { runUri: RUN_URI, modelRecordUri: MODEL_RECORD_URI };

  it('deploys nothing of a model that a person rejects', async () => {
    const answers = { requestApproval: failing('ModelRejectedError', 'Trained on a holiday.') };
    await using machines = await openMachines({ answers });

    const run = await machines.run('deployment', input);

    expect(run).toMatchObject({ status: 'FAILED', error: 'ModelRejectedError', cause: 'Trained on a holiday.' });
    expect(machines.called()).toEqual(['requestApproval']);
  });

  it('gives the endpoint back when the model fails its smoke test', async () => {
    await using machines = await openMachines({
      answers: { smokeTest: failing('SmokeTestFailedError', 'no answers') },
    });

    const run = await machines.run('deployment', input);

    expect(run).toMatchObject({ status: 'FAILED', error: 'SmokeTestFailedError' });
    expect(machines.called()).toEqual(['requestApproval', 'deployEndpoint', 'smokeTest', 'restoreEndpoint']);
    expect(machines.announced).toEqual([]);
  });

  it('tells why the smoke test failed also when the endpoint can’t be given back', async () => {
    await using machines = await openMachines({
      answers: { smokeTest: failing('SmokeTestFailedError'), restoreEndpoint: failing('EndpointFailedError') },
    });

    expect(await machines.run('deployment', input)).toMatchObject({ error: 'SmokeTestFailedError' });
  });

  it('waits for its turn at a busy endpoint, and for a cold one', async () => {
    const deployed = { endpointName: 'flights', endpointConfigName: 'config-2' };
    await using machines = await openMachines({
      answers: {
        deployEndpoint: failingFirst(2, 'EndpointBusyError', deployed),
        smokeTest: failingFirst(1, 'EndpointThrottledError', { rowCount: 10 }),
      },
    });

    expect(await machines.run('deployment', input)).toMatchObject({ status: 'SUCCEEDED', value: deployed });
  });
});

describe('deployment to Kyma', () => {
  const input = { runUri: RUN_URI, modelRecordUri: MODEL_RECORD_URI, target: 'kyma' };
  const IMAGE = ['planImage', 'copyLayer', 'copyLayer', 'commitImage'];

  it('builds the image, applies it, looks until it serves, and tests it at its URL', async () => {
    const ready = { state: 'ready', detail: '' };
    let looks = 0;
    const checkRollout = () => {
      looks += 1;
      return looks < 3 ? { state: 'waiting', detail: '0 of 1 pods' } : ready;
    };
    await using machines = await openMachines({ answers: { checkRollout } });

    const run = await machines.run('deployment', input);

    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      value: { url: 'https://flights.kyma.test/', imageUri: IMAGE_URI, bytesPushed: 250 },
    });
    expect(machines.called().toSorted()).toEqual(
      [
        ...IMAGE,
        'requestApproval',
        'applyToKyma',
        'checkRollout',
        'checkRollout',
        'checkRollout',
        'smokeTest',
        'promoteModel',
      ].toSorted(),
    );
    expect(machines.eventOf('commitImage').copiedLayers).toHaveLength(2);
    expect(machines.eventOf('smokeTest')).toEqual({ runUri: RUN_URI, url: 'https://flights.kyma.test/' });
    expect(machines.announced).toEqual(['Kyma Deployed']);
  });

  it.each([
    ['the rollout fails', { checkRollout: failing('RolloutFailedError', 'ImagePullBackOff') }, 'RolloutFailedError'],
    ['the model fails its smoke test', { smokeTest: failing('SmokeTestFailedError') }, 'SmokeTestFailedError'],
    ['the cluster refuses an object', { applyToKyma: failing('ClusterRefusedError') }, 'ClusterRefusedError'],
  ])('brings back what served before when %s', async (_, answers, error) => {
    await using machines = await openMachines({ answers });

    expect(await machines.run('deployment', input)).toMatchObject({ status: 'FAILED', error });
    expect(machines.called().at(-1)).toBe('rollBackKyma');
    expect(machines.announced).toEqual([]);
  });

  it('looks until what it brought back serves', async () => {
    const since = '2026-03-01T06:00:00.000Z';
    const asked: unknown[] = [];
    const rollBackKyma = (event: unknown) => {
      asked.push(event);
      const restored = { outcome: 'restored', imageUri: IMAGE_URI };
      return asked.length < 3 ? { ...restored, waitsFor: '0 of 1 pods', since } : restored;
    };
    await using machines = await openMachines({
      answers: { checkRollout: failing('RolloutFailedError', 'no pods'), rollBackKyma },
    });

    expect(await machines.run('deployment', input)).toMatchObject({ error: 'RolloutFailedError' });
    expect(asked).toEqual([{ runUri: RUN_URI }, { runUri: RUN_URI, since }, { runUri: RUN_URI, since }]);
  });

  it('tells first that nothing could be brought back, and then why it failed', async () => {
    const answers = {
      checkRollout: failing('RolloutFailedError', 'the new pods crash'),
      rollBackKyma: failing('ClusterAccessError', 'no right to patch'),
    };
    await using machines = await openMachines({ answers });

    expect(await machines.run('deployment', input)).toMatchObject({
      error: 'RolloutFailedError',
      cause: 'What served before may be down: no right to patch\nthe new pods crash',
    });
  });

  it('leaves the cluster alone when the image can’t be built', async () => {
    await using machines = await openMachines({ answers: { commitImage: failing('UnsafeArchiveError') } });

    expect(await machines.run('deployment', input)).toMatchObject({ error: 'UnsafeArchiveError' });
    expect(machines.called()).not.toContain('rollBackKyma');
  });
});

describe('prediction', () => {
  const input = { runUri: RUN_URI, modelRecordUri: MODEL_RECORD_URI };

  it('asks the endpoint for each part, and writes each part', async () => {
    await using machines = await openMachines({ answers: { planScoring: () => scoringBy('endpoint') } });

    const run = await machines.run('prediction', input);

    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      value: { schema: 'SPACE#ML', table: 'T', rowCount: 4, writeId: 'a'.repeat(64) },
    });
    expect(machines.called()).toEqual(['planScoring', 'scorePart', 'scorePart', ...WRITING]);
  });

  it('ends well where a pipeline allows that there is nothing to predict', async () => {
    await using machines = await openMachines({ nothingToScore: true });

    const run = await machines.run('prediction', input);

    expect(run).toMatchObject({ status: 'SUCCEEDED', value: { rowCount: 0 } });
    expect(machines.called()).toEqual([]);
  });

  it('tries a part again where the endpoint or the warehouse is overloaded', async () => {
    await using machines = await openMachines({
      answers: {
        planScoring: () => scoringBy('endpoint'),
        scorePart: failingFirst(1, 'EndpointThrottledError', { part: 0, rowCount: 2 }),
        writePart: failingFirst(1, 'WarehouseUnavailableError', STAGED_PART),
      },
    });

    expect(await machines.run('prediction', input)).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('goes straight to publishing when the predictions were published before', async () => {
    const planWrite = () => ({ ...(ANSWERS.planWrite!(undefined as never) as object), alreadyPublished: true });
    await using machines = await openMachines({ answers: { planWrite } });

    expect(await machines.run('prediction', input)).toMatchObject({ status: 'SUCCEEDED' });

    expect(machines.called().slice(-2)).toEqual(['planWrite', 'publishPredictions']);
    expect(machines.eventOf('publishPredictions')).toMatchObject({ fence: 1 });
  });

  it.each([
    ['writePart', 'UnwritableValueError'],
    ['publishPredictions', 'DatasetMismatchError'],
  ])('gives the target table back when %s fails, and tells what failed', async (name, error) => {
    await using machines = await openMachines({
      answers: { [name]: failing(error), abandonWrite: failing('WarehouseLoginError') },
    });

    const run = await machines.run('prediction', input);

    expect(run).toMatchObject({ status: 'FAILED' });
    expect(JSON.stringify(run)).not.toContain('WarehouseLoginError');
    expect(machines.eventOf('abandonWrite')).toEqual({ runUri: RUN_URI, writeId: 'a'.repeat(64), fence: 1 });
  });
});
