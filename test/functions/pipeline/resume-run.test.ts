import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveRun } from '#functions/pipeline/resolve-run/resolve-run.ts';
import { executionArnOf } from '#shared/executions/executions.ts';
import { promote } from '#shared/models/model-record.ts';
import { type Fact, writeFact } from '#shared/pipeline/facts.ts';
import { loadRun } from '#shared/pipeline/run.ts';
import { sourceArchiveUri } from '#shared/sagemaker/source-archive.ts';
import { type InMemoryExecutions, inMemoryExecutions, STATE_MACHINE_ARN } from '#test/shared/executions/in-memory.ts';
import { givenModel } from '#test/shared/models/fixture.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { RUN_URI, STORE_URI } from '#test/shared/pipeline/fixture.ts';
import { inMemorySageMaker } from '#test/shared/sagemaker/in-memory.ts';

let objectStore: ReturnType<typeof inMemoryObjectStore>;
let executions: InMemoryExecutions;
let pipelinesDir: string;
beforeEach(async () => {
  objectStore = inMemoryObjectStore();
  executions = inMemoryExecutions();
  pipelinesDir = await mkdtemp(join(tmpdir(), 'fedml-resume-'));
  await deploy('max-iter: 1');
});
afterEach(() => rm(pipelinesDir, { recursive: true }));

const deploy = async (hyperparameters: string, mode = 'append'): Promise<void> => {
  await mkdir(join(pipelinesDir, 'flights'), { recursive: true });
  await writeFile(
    join(pipelinesDir, 'flights', 'pipeline.yml'),
    `name: flights
source: { view: V, key: [ID], target: LATE }
training: { hyperparameters: { ${hyperparameters} } }
deployment: { target: sagemaker }
prediction:
  source: { view: V_SCORE, key: [ID] }
  columns: [{ name: P, type: DOUBLE }]
  target: { table: T, mode: ${mode} }
`,
  );
  await writeFile(join(pipelinesDir, 'flights', 'train.py'), 'print(1)\n');
};

const execute = async (executionName: string, input: unknown, startedAt = '2026-03-01T06:00:00.000Z') => {
  const { executionArn } = await executions.start({ stateMachineArn: STATE_MACHINE_ARN, name: executionName, input });
  return resolveRun(
    { input, executionArn, executionName, startedAt },
    { objectStore, executions, sageMaker: inMemorySageMaker() },
    { storeUri: STORE_URI, pipelinesDir, region: 'eu-central-1' },
  );
};
const resume = (name = 'run-1-resumed-1', input: object = {}) => execute(name, { resume: 'run-1', ...input });

/** A run that left some facts and then failed. */
const givenFailedRun = async (facts: Partial<Record<Fact, unknown>> = {}, input: object = {}): Promise<void> => {
  await execute('run-1', input);
  for (const [fact, value] of Object.entries(facts)) await writeFact(objectStore, RUN_URI, fact as Fact, value);
  await endWith({ outcome: 'failed', failure: { error: 'TrainingFailedError', cause: 'ValueError' } });
  executions.end('run-1', { status: 'FAILED', error: 'TrainingFailedError' });
};
const endWith = async (ending: object): Promise<void> => {
  const record = JSON.parse(objectStore.objects.get(`${RUN_URI}run.json`)!);
  await objectStore.put(`${RUN_URI}run.json`, JSON.stringify({ ...record, ...ending }));
};

const MODEL = { modelRecordUri: `${STORE_URI}/models/flights/job-1.json` };

describe('a run that is resumed', () => {
  it.each([
    ['in its training', {}, { train: true, deploy: true, predict: true, modelRecordUri: null }],
    ['in its deployment', { model: MODEL }, { train: false, deploy: true, predict: true, ...MODEL }],
    [
      'in its predictions',
      { model: MODEL, promotion: MODEL },
      { train: false, deploy: false, predict: true, ...MODEL },
    ],
    [
      'in its last state',
      { model: MODEL, promotion: MODEL, publication: { rowCount: 1 } },
      { train: false, deploy: false, predict: false },
    ],
  ])('goes on in its own folder, without what is finished: %s', async (_, facts, steps) => {
    await givenFailedRun(facts);

    expect(await resume()).toMatchObject({ runUri: RUN_URI, pipeline: 'flights', mode: 'full', adopt: null, ...steps });
  });

  it('keeps its settings and its code, whatever has been deployed since', async () => {
    await givenFailedRun({}, { overrides: { 'training.instanceType': 'ml.c5.xlarge' } });
    const source = objectStore.objects.get(sourceArchiveUri(RUN_URI));
    await deploy('max-iter: 2');

    await resume();

    const { definition, codeSha256 } = await loadRun(objectStore, RUN_URI);
    expect(definition.training).toMatchObject({ instanceType: 'ml.c5.xlarge', hyperparameters: { 'max-iter': 1 } });
    expect(objectStore.objects.get(sourceArchiveUri(RUN_URI))).toBe(source);
    expect(codeSha256).toHaveLength(64);
  });

  it('is recorded as going, by which execution and after which error', async () => {
    await givenFailedRun();

    await resume();

    const record = JSON.parse(objectStore.objects.get(`${RUN_URI}run.json`)!);
    const executionArn = executionArnOf(STATE_MACHINE_ARN, 'run-1-resumed-1');
    expect(record).toMatchObject({
      runId: 'run-1',
      executionArn,
      resumptions: [{ executionArn, startedAt: '2026-03-01T06:00:00.000Z', after: 'TrainingFailedError' }],
    });
    expect(record).not.toHaveProperty('outcome');
  });

  it('is the same when the step is run again, and can be resumed once more', async () => {
    await givenFailedRun();
    const first = await resume();
    const record = objectStore.objects.get(`${RUN_URI}run.json`);

    expect(await resume()).toEqual(first);
    expect(objectStore.objects.get(`${RUN_URI}run.json`)).toBe(record);
    executions.end('run-1-resumed-1', { status: 'ABORTED' });
    await resume('run-1-resumed-2');
    expect((await loadRun(objectStore, RUN_URI)).resumptions).toMatchObject([{}, { after: 'ABORTED' }]);
  });

  it('adopts its model again in mode deploy, and scores with the model of its beginning in mode score', async () => {
    await givenFailedRun({}, { mode: 'deploy', trainingJobName: 'Churn-2024' });
    expect(await resume()).toMatchObject({ adopt: 'Churn-2024', train: false, deploy: true, predict: false });

    objectStore = inMemoryObjectStore();
    executions = inMemoryExecutions();
    const champion = await givenChampion('job-1', 'run-0');
    await givenFailedRun({}, { mode: 'score' });
    await givenChampion('job-2', 'run-9');
    expect(await resume()).toMatchObject({ train: false, predict: true, modelRecordUri: champion });
  });

  it('has its code again when the one that is deployed is still the same, and is refused when it is not', async () => {
    await givenFailedRun();
    objectStore.objects.delete(sourceArchiveUri(RUN_URI));
    await deploy('max-iter: 2');
    await expect(resume()).rejects.toThrow(/its code was not kept/);

    await deploy('max-iter: 1');
    executions.end('run-1-resumed-1', { status: 'FAILED' });
    await resume('run-1-resumed-2');

    expect(objectStore.objects.has(sourceArchiveUri(RUN_URI))).toBe(true);
  });
});

const givenChampion = async (trainingJobName: string, runId: string): Promise<string> => {
  const modelRecordUri = await givenModel(objectStore, { trainingJobName });
  const record = JSON.parse(objectStore.objects.get(modelRecordUri)!);
  const runUri = RUN_URI.replace('run-1', runId);
  await promote(objectStore, { modelRecordUri, record, storeUri: STORE_URI, runUri });
  return modelRecordUri;
};

describe('a run that can’t be resumed', () => {
  it.each([
    ['is going', () => executions.end('run-1', { status: 'RUNNING' }), /still going/],
    ['has succeeded', () => endWith({ outcome: 'succeeded', failure: null }), /has succeeded/],
    ['missed its gate', () => endWith({ outcome: 'gateNotPassed' }), /same gate again[\s\S]*start a new run/],
    ['has a newer model in its place', () => givenChampion('job-2', 'run-9'), /run-9 has put a newer model in service/],
    [
      'is of another version',
      () => endWith({ definition: { name: 'flights', engine: 'x' } }),
      /another version of the project/,
    ],
  ])('says so of one that %s, and leaves its record alone', async (_, given, message) => {
    await givenFailedRun();
    await given();
    const record = objectStore.objects.get(`${RUN_URI}run.json`);

    await expect(resume()).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringMatching(message),
    });
    expect(objectStore.objects.get(`${RUN_URI}run.json`)).toBe(record);
  });

  it.each([
    ['append', 'T', true],
    ['upsert', 'T', false],
    ['replace', 'T', false],
    ['versioned', 'T', false],
    ['replace', 'ANOTHER', true],
  ])(
    'says so of one that would write in mode %s what a later run has written to %s, if that takes its place',
    async (mode, table, isTaken) => {
      await deploy('max-iter: 1', mode);
      await givenFailedRun({ model: MODEL, promotion: MODEL });
      await execute('run-2', { mode: 'train' }, '2026-03-02T06:00:00.000Z');
      await writeFact(objectStore, RUN_URI.replace('run-1', 'run-2'), 'publication', { table });
      await execute('run-0', { mode: 'train' }, '2026-02-28T06:00:00.000Z');
      await writeFact(objectStore, RUN_URI.replace('run-1', 'run-0'), 'publication', { table: 'T' });

      if (isTaken) expect(await resume()).toMatchObject({ predict: true });
      else await expect(resume()).rejects.toThrow(/run-2 has written newer predictions to T/);
    },
  );

  it('says so of one that nobody knows', async () => {
    await expect(resume()).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringContaining('There is no run run-1 to resume'),
    });
  });

  it.each([
    [{ mode: 'score' }, /mode/],
    [{ overrides: {} }, /overrides/],
    [{ pipeline: 'weather' }, /one of the pipeline flights, not of weather/],
    [{ resume: '../run-1' }, /must be the id of a run/],
  ])('takes no other request with it: %j', async (input, message) => {
    await givenFailedRun();

    await expect(resume('run-1-resumed-1', input)).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringMatching(message),
    });
  });

  it('says under which name, so that two can’t go on with one run at a time', async () => {
    await givenFailedRun();

    await expect(resume('by-hand')).rejects.toThrow(/must be named run-1-resumed-1/);
  });
});
