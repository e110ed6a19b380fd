import { beforeEach, describe, expect, it } from 'vitest';
import { announceRun as announceRunStep } from '#functions/pipeline/announce-run/announce-run.ts';
import { type StateFailure, unpackFailure } from '#shared/endings/unpack-failure.ts';
import { writeFact } from '#shared/pipeline/facts.ts';
import { loadRunRecord } from '#shared/pipeline/run-record.ts';
import { saveModelSearch } from '#shared/reuse/model-search.ts';
import { granted } from '#test/functions/granted.ts';
import { inMemoryEventBus } from '#test/shared/event-bus/in-memory.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenDataset, givenRun, RUN_URI } from '#test/shared/pipeline/fixture.ts';

const announceRun = granted('announceRun', announceRunStep);

const CHILD_ARN = 'arn:aws:states:eu-central-1:000000000000:execution:training:run-1-training-0';

const failedChild = (error: string, cause: string, executionArn = CHILD_ARN): StateFailure => ({
  Error: 'States.TaskFailed',
  Cause: JSON.stringify({ Cause: cause, Error: error, ExecutionArn: executionArn, Status: 'FAILED' }),
});
const functionError = (errorType: string, errorMessage: string): string =>
  JSON.stringify({ errorType, errorMessage, trace: [] });

let ports: ReturnType<typeof openPorts>;
const openPorts = () => ({
  objectStore: inMemoryObjectStore(),
  eventBus: inMemoryEventBus(),
  mapRuns: {
    failedItem: async (_arn: string): Promise<{ Error: string; Cause: string | null } | undefined> => undefined,
  },
});
beforeEach(() => {
  ports = openPorts();
});

const EXECUTION_ARN = 'arn:aws:states:eu-central-1:000000000000:execution:pipeline:run-1';

const announce = (failure: StateFailure | null = null, runUri: string | null = RUN_URI, input: unknown = {}) =>
  announceRun({ runUri, executionArn: EXECUTION_ARN, input, finishedAt: '2026-03-01T06:30:00.5Z', failure }, ports);

describe('a run that succeeded', () => {
  it('is recorded with what it has reused, from which run and why', async () => {
    const earlier = RUN_URI.replace('run-1', 'run-0');
    await givenRun(ports.objectStore);
    const manifest = await givenDataset(ports.objectStore, 'train', ['ID'], ['1\n']);
    await ports.objectStore.put(`${RUN_URI}train/manifest.json`, JSON.stringify({ ...manifest, reusedFrom: earlier }));
    const digest = 'a'.repeat(64);
    await saveModelSearch(ports.objectStore, RUN_URI, {
      inputs: { data: digest, code: digest, settings: digest },
      reused: {
        runUri: earlier,
        trainingJobName: 'job-0',
        modelArchive: {
          uri: 's3://store/training-output/flights/run-1/job-1/output/model.tar.gz',
          sha256: 'a'.repeat(64),
          versionId: null,
        },
      },
      because: 'the data is the same',
    });
    await writeFact(ports.objectStore, RUN_URI, 'endpoint', {
      endpointName: 'flights',
      endpointConfigName: 'config-1',
      modelName: 'model-1',
      modelRecordUri: 's3://store/models/flights/job-1.json',
      previousEndpointConfigName: 'config-1',
    });

    await announce();

    expect((await loadRunRecord(ports.objectStore, RUN_URI)).reused).toEqual({
      trainingData: { runUri: earlier, because: 'the view has the same rows' },
      model: { runUri: earlier, because: 'the data is the same' },
      endpoint: { because: 'it serves this model already' },
    });
  });

  it('has not reused what it had made itself before it was resumed', async () => {
    await givenRun(ports.objectStore);
    const digest = 'a'.repeat(64);
    await saveModelSearch(ports.objectStore, RUN_URI, {
      inputs: { data: digest, code: digest, settings: digest },
      reused: {
        runUri: RUN_URI,
        trainingJobName: 'job-1',
        modelArchive: {
          uri: 's3://store/training-output/flights/run-1/job-1/output/model.tar.gz',
          sha256: digest,
          versionId: null,
        },
      },
      because: 'the data, the code and the settings are the same',
    });

    await announce();

    expect((await loadRunRecord(ports.objectStore, RUN_URI)).reused).toEqual({});
  });

  it('is recorded with what its steps left, and announced', async () => {
    await givenRun(ports.objectStore);
    await givenDataset(ports.objectStore, 'train', ['ID', 'A'], ['1,a\n', '2,b\n']);
    await ports.objectStore.put(`${RUN_URI}deployment/smoke-test.json`, '{"rowCount": 10}');

    expect(await announce()).toEqual({ outcome: 'succeeded', runUri: RUN_URI, failure: null });
    expect(await loadRunRecord(ports.objectStore, RUN_URI)).toMatchObject({
      pipeline: 'flights',
      outcome: 'succeeded',
      durationSeconds: 1801,
      failure: null,
      datasets: {
        train: { manifestUri: `${RUN_URI}train/manifest.json`, rowCount: 2, partCount: 2, view: 'V_TRAINING' },
      },
      deployment: { smokeTest: { rowCount: 10 } },
    });
    expect(ports.eventBus.events).toEqual([
      {
        detailType: 'Run Succeeded',
        detail: { runUri: RUN_URI, executionArn: EXECUTION_ARN, pipeline: 'flights', mode: 'full' },
      },
    ]);
  });

  it('has the same record when the step is run again', async () => {
    await givenRun(ports.objectStore);
    await announce();
    const record = ports.objectStore.objects.get(`${RUN_URI}run.json`);

    await announce();

    expect(ports.objectStore.objects.get(`${RUN_URI}run.json`)).toBe(record);
  });
});

describe('a run that another execution has resumed', () => {
  it('is left to that one: its record stays, and nobody is told', async () => {
    await givenRun(ports.objectStore, { executionArn: `${EXECUTION_ARN}-resumed-1` });
    const record = ports.objectStore.objects.get(`${RUN_URI}run.json`);

    expect(await announce({ Error: 'X', Cause: null })).toMatchObject({ outcome: 'failed' });

    expect(ports.objectStore.objects.get(`${RUN_URI}run.json`)).toBe(record);
    expect(ports.eventBus.events).toEqual([]);
  });
});

describe('a run that failed', () => {
  it('is recorded and announced with the error of the step, and keeps what was done before', async () => {
    await givenRun(ports.objectStore);
    await givenDataset(ports.objectStore, 'train', ['ID'], ['1\n']);

    const announcement = await announce(failedChild('TrainingFailedError', 'Its log ends with: ValueError'));

    const failure = { error: 'TrainingFailedError', cause: 'Its log ends with: ValueError' };
    expect(announcement).toMatchObject({ outcome: 'failed', failure });
    expect(await loadRunRecord(ports.objectStore, RUN_URI)).toMatchObject({
      outcome: 'failed',
      failure,
      datasets: { train: { rowCount: 1 } },
    });
    expect(ports.eventBus.events).toMatchObject([{ detailType: 'Run Failed', detail: failure }]);
  });

  it('by its gate is told apart', async () => {
    await givenRun(ports.objectStore);

    expect(await announce(failedChild('GateNotPassedError', 'auc is 0.5, below the minimum of 0.7.'))).toMatchObject({
      outcome: 'gateNotPassed',
    });
    expect(ports.eventBus.events).toMatchObject([{ detailType: 'Run Gate Not Passed' }]);
  });

  it('before it had a folder is announced by the name in its input', async () => {
    const failure = { Error: 'UnknownPipelineError', Cause: functionError('UnknownPipelineError', 'There is none.') };

    expect(await announce(failure, null, { pipeline: 'fligths' })).toMatchObject({
      runUri: null,
      failure: { error: 'UnknownPipelineError', cause: 'There is none.' },
    });
    expect(ports.eventBus.events).toMatchObject([
      { detailType: 'Run Failed', detail: { pipeline: 'fligths', runUri: null } },
    ]);
    expect(ports.objectStore.objects.size).toBe(0);
  });

  it.each([[null], ['text'], [{ pipeline: 7 }], [{ pipeline: 'Not A Name' }]])(
    'before it had a folder is announced whatever its input was: %j',
    async (input) => {
      await announce({ Error: 'InvalidInputError', Cause: null }, null, input);

      expect(ports.eventBus.events).toMatchObject([{ detail: { pipeline: null } }]);
    },
  );

  it('in one part of many tells what that part failed with', async () => {
    await givenRun(ports.objectStore);
    ports.mapRuns.failedItem = async (arn) =>
      arn === CHILD_ARN
        ? { Error: 'TargetTableError', Cause: functionError('TargetTableError', 'The column P is too narrow.') }
        : undefined;

    expect(await announce(failedChild('States.ExceedToleratedFailureThreshold', 'too many items'))).toMatchObject({
      failure: { error: 'TargetTableError', cause: 'The column P is too narrow.' },
    });
  });

  it('with a very long cause keeps its end in the event and all of it in the record', async () => {
    await givenRun(ports.objectStore);
    const cause = `${'x'.repeat(20_000)} ValueError: no rows`;

    const { failure } = await announce(failedChild('TrainingFailedError', cause));

    expect(failure!.cause.length).toBeLessThan(10_000);
    expect(failure!.cause).toMatch(/ValueError: no rows$/);
    expect((await loadRunRecord(ports.objectStore, RUN_URI)).failure!.cause).toBe(cause);
  });
});

describe('unpackFailure', () => {
  it('finds the error of a function under two executions', () => {
    const staging = failedChild(
      'WarehouseLoginError',
      functionError('WarehouseLoginError', '10: wrong password'),
      'arn:staging',
    );
    const training = failedChild(staging.Error, staging.Cause!);

    expect(unpackFailure(training)).toEqual({
      error: 'WarehouseLoginError',
      cause: '10: wrong password',
      executionArn: 'arn:staging',
    });
  });

  it('tells the time-out of a child that gave no error', () => {
    const cause = JSON.stringify({ ExecutionArn: CHILD_ARN, Status: 'TIMED_OUT' });

    expect(unpackFailure({ Error: 'States.TaskFailed', Cause: cause })).toMatchObject({ error: 'States.Timeout' });
  });

  it('says that a child was stopped', () => {
    const cause = JSON.stringify({ ExecutionArn: CHILD_ARN, Status: 'ABORTED' });

    expect(unpackFailure({ Error: 'States.TaskFailed', Cause: cause }).cause).toContain('ABORTED');
  });

  it.each([
    ['plain text', 'It broke.', 'It broke.'],
    ['JSON that was cut', '{"errorType":"X","errorMess', '{"errorType":"X","errorMess'],
    ['JSON of something else', '{"a":1}', '{"a":1}'],
  ])('leaves %s as it is', (_, cause, expected) => {
    expect(unpackFailure({ Error: 'X', Cause: cause })).toEqual({ error: 'X', cause: expected });
  });

  it('has a sentence for a time-out, which comes without a cause', () => {
    expect(unpackFailure({ Error: 'States.Timeout', Cause: null }).cause).toContain('no answer');
  });
});
