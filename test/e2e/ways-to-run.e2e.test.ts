import { appendFile, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListTrainingJobsCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { config } from '#shared/config.ts';
import { executionNameOf } from '#shared/executions/executions.ts';
import { stepFunctionsExecutions } from '#shared/executions/step-functions.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { loadRunRecord } from '#shared/pipeline/run-record.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { secretsManagerCredentials } from '#shared/warehouse/secrets-manager.ts';
import { addVariation } from './pipelines-from-tiny.ts';
import { openTestCloud, ROOT_DIR, type TestCloud } from './test-cloud.ts';
import { NOTEBOOK_POLICIES, trainElsewhere } from './train-elsewhere.ts';

const warehouse = () => hanaWarehouse(secretsManagerCredentials(() => config().warehouseSecretArn));

const recordOf = ({ output }: { readonly output?: unknown }) =>
  loadRunRecord(s3ObjectStore(), (output as { runUri: string }).runUri);

const SLOW = 'import time\ntime.sleep(600)\n';

const trainingJobCount = async (pipeline: string): Promise<number> => {
  const { TrainingJobSummaries } = await new SageMakerClient({}).send(
    new ListTrainingJobsCommand({ NameContains: `${pipeline}-`, MaxResults: 100 }),
  );
  return TrainingJobSummaries!.length;
};

describe('small pipelines on the laptop', () => {
  let cloud: TestCloud;
  let pipelinesDir: string;

  beforeAll(async () => {
    pipelinesDir = await mkdtemp(join(tmpdir(), 'fedml-pipelines-'));
    await cp(join(ROOT_DIR, 'test', 'pipelines'), pipelinesDir, { recursive: true });
    // Each third event comes twice and each fifth comes late: what hears them must not mind.
    cloud = await openTestCloud({
      pipelinesDir,
      chaos: { duplicateEvery: 3, delayEvery: 5, delaySeconds: 0.5 },
      otherPolicies: NOTEBOOK_POLICIES,
    });
  });

  afterAll(async () => {
    await cloud?.close();
    await rm(pipelinesDir, { recursive: true, force: true });
  });

  it('trains, deploys, scores by the endpoint, and then scores again with the champion', async () => {
    const full = await cloud.run({ pipeline: 'tiny' });
    expect(full).toMatchObject({ status: 'SUCCEEDED' });
    const score = await cloud.run({ pipeline: 'tiny', mode: 'score' });

    expect(score).toMatchObject({ status: 'SUCCEEDED' });
    const { rows } = await warehouse().query(
      'SELECT RUN_ID, COUNT(*), COUNT(DISTINCT PENGUIN_ID), MIN(CONFIDENCE), COUNT(DISTINCT SPECIES) FROM PENGUIN_SPECIES GROUP BY RUN_ID',
    );
    expect(rows.length).toBe(2);
    for (const [, count, keys, confidence, species] of rows) {
      expect([count, keys, species]).toEqual([34, 34, 3]);
      expect(confidence).toBeGreaterThan(0.3);
    }
    expect((await recordOf(score)).training.evaluation).toBeUndefined();
  });

  it('deploys the model of a job that somebody else has started, tests it with rows of the view, and scores with it', async () => {
    const full = await cloud.run({ pipeline: 'tiny' });
    const trainingJobName = await trainElsewhere((await recordOf(full)).training.evaluation!.trainingJobName);

    const deployed = await cloud.run({ pipeline: 'tiny', mode: 'deploy', trainingJobName });
    const scored = await cloud.run({ pipeline: 'tiny', mode: 'score' });

    expect(deployed).toMatchObject({ status: 'SUCCEEDED' });
    expect(scored).toMatchObject({ status: 'SUCCEEDED' });
    const { training, deployment, prediction } = await recordOf(deployed);
    expect(training.job).toBeUndefined();
    expect(training.model).toMatchObject({ trainingJobName, metrics: { accuracy: expect.any(Number) } });
    expect(deployment).toMatchObject({ endpoint: { endpointName: 'tiny-local' }, smokeTest: { rowCount: 10 } });
    expect(prediction.publication).toBeUndefined();
    expect((await recordOf(scored)).modelRecordUri).toBe(training.model!.modelRecordUri);
  });

  it("runs a script of SAP FedML's style unchanged and replaces the table's rows", async () => {
    await cloud.run({ pipeline: 'fedml-style' });
    const second = await cloud.run({ pipeline: 'fedml-style' });

    expect(second).toMatchObject({ status: 'SUCCEEDED' });
    const { runId, reused, prediction } = await recordOf(second);
    expect(Object.keys(reused).toSorted()).toEqual([
      ...['endpoint', 'model', 'predictions', 'scoringData', 'trainingData'],
    ]);
    expect(prediction.transformJob).toBeUndefined();
    const { rows } = await warehouse().query(
      'SELECT RUN_ID, COUNT(*), SUM(IS_DRY) FROM WEATHER_FORECAST GROUP BY RUN_ID',
    );
    expect(rows).toEqual([[runId, 1461, expect.any(Number)]]);
  });

  it('trains no second time when nothing has changed, and does when a setting, the script or the caller wants it', async () => {
    const first = await cloud.run({ pipeline: 'tiny' });
    const jobs = await trainingJobCount('tiny');

    const again = await cloud.run({ pipeline: 'tiny' });

    expect(again).toMatchObject({ status: 'SUCCEEDED' });
    expect(await trainingJobCount('tiny')).toBe(jobs);
    const { reused, training, deployment, prediction } = await recordOf(again);
    expect(reused).toMatchObject({
      model: { because: 'the data, the code and the settings are the same' },
      endpoint: {},
    });
    expect(training.evaluation).toMatchObject({
      trainingJobName: (await recordOf(first)).training.evaluation!.trainingJobName,
      gatePassed: true,
    });
    expect(deployment.smokeTest!.rowCount).toBe(10);
    expect(prediction.publication!.rowCount).toBe(34);

    const train = { pipeline: 'tiny', mode: 'train' };
    await cloud.run({ ...train, overrides: { 'training.hyperparameters.note': 'another' } });
    expect(await trainingJobCount('tiny')).toBe(jobs + 1);
    await cloud.run({ ...train, overrides: { reuse: false } });
    expect(await trainingJobCount('tiny')).toBe(jobs + 2);
    await appendFile(join(pipelinesDir, 'tiny', 'train.py'), '# another script\n');
    await cloud.run(train);
    expect(await trainingJobCount('tiny')).toBe(jobs + 3);
  });

  it('records that a run was stopped, tells it once, stops its job, and trains when the run is resumed', async () => {
    await addVariation(pipelinesDir, 'slow', { files: { 'train.py': SLOW } });
    const executionArn = await cloud.start({ pipeline: 'slow', mode: 'train' });
    const jobs = () => new SageMakerClient({}).send(new ListTrainingJobsCommand({ NameContains: 'slow-' }));
    const statuses = async () => (await jobs()).TrainingJobSummaries!.map((job) => job.TrainingJobStatus).sort();
    await expect.poll(statuses, { timeout: 60_000 }).toEqual(['InProgress']);

    await new SFNClient({}).send(new StopExecutionCommand({ executionArn, error: 'RunStopped', cause: 'too slow' }));

    const runUri = `${config().storeUri}/runs/slow/${executionNameOf(executionArn)}/`;
    const record = async () => JSON.parse((await s3ObjectStore().getText(`${runUri}run.json`)).text);
    await expect.poll(async () => (await record()).toldAt, { timeout: 20_000 }).toEqual(expect.any(String));
    expect(await record()).toMatchObject({ outcome: 'stopped', failure: { error: 'RunStopped', cause: 'too slow' } });
    await expect.poll(statuses, { timeout: 20_000 }).toEqual(['Stopped']);
    const { executionArn: resumed } = await cloud.resume(executionNameOf(executionArn));
    await expect.poll(statuses, { timeout: 60_000 }).toEqual(['InProgress', 'Stopped']);
    expect(await record()).toMatchObject({ executionArn: resumed, resumptions: [{ after: 'RunStopped' }] });
    await stepFunctionsExecutions().stop(resumed, 'seen enough');
  });

  it('loses no value from the view to the training file, nor from the predictions to the table', async () => {
    const execution = await cloud.run({ pipeline: 'odd-values' });

    expect(execution).toMatchObject({ status: 'SUCCEEDED' });
    const columns = 'ID, BIG, EXACT, AT, NOTE';
    const before = await warehouse().query(`SELECT ${columns} FROM FLIGHTS.V_ODD_VALUES ORDER BY ID`);
    const after = await warehouse().query(`SELECT ${columns} FROM ODD_VALUES_ECHOED ORDER BY ID`);
    expect(after.rows).toEqual(before.rows);
    expect(after.rows.length).toBe(8);
    expect(after.rows[0]!.slice(0, 3)).toEqual([
      '9007199254740993',
      '9223372036854775807',
      '1234567890123456789012345678.0123456789',
    ]);
    expect(after.rows.map((row) => row[4])).toEqual(
      expect.arrayContaining([null, '', 'line one\nline two', 'carriage\r\nreturn', '🛫 Zürich, 漢字, e\u0301']),
    );
  });

  it.each([
    ['an unknown setting', { pipeline: 'tiny', overrides: { 'source.view': 'X' } }, /source\.view/],
    ['an unknown key', { pipeline: 'tiny', speed: 3 }, /speed/],
  ])('refuses %s in the first state', async (_, input, cause) => {
    const execution = await cloud.run(input);

    expect(execution).toMatchObject({ status: 'FAILED', error: 'InvalidInputError' });
    expect(execution.cause).toMatch(cause);
  });
});
