import { beforeEach, describe, expect, it } from 'vitest';
import { describeRun as describeRunStep } from '#functions/api/describe-run/describe-run.ts';
import { DescribeRun } from '#functions/api/describe-run/schema.ts';
import { listRuns as listRunsStep } from '#functions/api/list-runs/list-runs.ts';
import { ListRuns } from '#functions/api/list-runs/schema.ts';
import { resumeRun } from '#functions/api/resume-run/resume-run.ts';
import { ResumeRun } from '#functions/api/resume-run/schema.ts';
import { StopRun } from '#functions/api/stop-run/schema.ts';
import { stopRun as stopRunStep } from '#functions/api/stop-run/stop-run.ts';
import { indexRun } from '#shared/pipeline/run-index.ts';
import { granted } from '#test/functions/granted.ts';
import { type InMemoryExecutions, inMemoryExecutions, STATE_MACHINE_ARN } from '#test/shared/executions/in-memory.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenRun, STORE_URI } from '#test/shared/pipeline/fixture.ts';
import { callerOf } from './http-request.ts';

const describeRun = granted('describeRun', describeRunStep);
const listRuns = granted('listRuns', listRunsStep);
const stopRun = granted('stopRun', stopRunStep);

let objectStore: ReturnType<typeof inMemoryObjectStore>;
let executions: InMemoryExecutions;
beforeEach(() => {
  objectStore = inMemoryObjectStore();
  executions = inMemoryExecutions();
});

const settings = { storeUri: STORE_URI, stateMachineArn: STATE_MACHINE_ARN, pipelinesDir: 'unused' };
const get = (id: string) =>
  callerOf(DescribeRun, (request) => describeRun(request, { objectStore, executions }, settings))({ path: { id } });
const list = (query: Record<string, string> = {}) =>
  callerOf(ListRuns, (request) => listRuns(request, { objectStore, executions }, settings))({
    query: { pipeline: 'flights', ...query },
  });
const stop = (id: string, body?: object) =>
  callerOf(StopRun, (request) => stopRun(request, { executions }, settings))({ path: { id }, body });

const resume = (id: string) =>
  callerOf(ResumeRun, (request) => resumeRun(request, { executions }, settings))({ path: { id } });

const given = async (runId: string, startedAt: string, ended: object = {}) => {
  const run = await givenRun(objectStore, { runId, startedAt });
  await indexRun(objectStore, STORE_URI, run);
  await executions.start({ stateMachineArn: STATE_MACHINE_ARN, name: runId, input: { pipeline: 'flights' } });
  if (Object.keys(ended).length > 0)
    await objectStore.put(`${run.runUri}run.json`, JSON.stringify({ ...run, ...ENDED, ...ended }));
};

const ENDED = {
  outcome: 'succeeded',
  finishedAt: '2026-03-01T06:10:00.000Z',
  durationSeconds: 600,
  failure: null,
  reused: { model: { runUri: 's3://store/runs/flights/run-0/', because: 'the data is the same' } },
  datasets: {},
  training: { evaluation: { trainingJobName: 'job-1', gatePassed: true, metrics: { auc: 0.7 }, rules: [] } },
  deployment: { endpoint: { endpointName: 'flights' } },
  prediction: { publication: { schema: 'S', table: 'T', mode: 'append', rowCount: 4, writeId: 'w' } },
};

describe('GET /runs/{id}', () => {
  it('tells how a run ended and what came of it', async () => {
    await given('run-1', '2026-03-01T06:00:00.000Z', { outcome: 'succeeded' });

    expect(await get('run-1')).toMatchObject({
      status: 200,
      body: {
        runId: 'run-1',
        pipeline: 'flights',
        status: 'succeeded',
        metrics: { auc: 0.7 },
        endpointName: 'flights',
        modelUrl: null,
        reused: { model: { runUri: 's3://store/runs/flights/run-0/', because: 'the data is the same' } },
        predictions: { schema: 'S', table: 'T', rowCount: 4 },
        failure: null,
      },
    });
  });

  it('tells that a run is going', async () => {
    await given('run-1', '2026-03-01T06:00:00.000Z');

    expect((await get('run-1')).body).toMatchObject({ status: 'running', finishedAt: null, metrics: null });
  });

  it('tells that a run was stopped, whose record says nothing of an end', async () => {
    await given('run-1', '2026-03-01T06:00:00.000Z');
    await stop('run-1', { reason: 'too expensive' });

    expect((await get('run-1')).body).toMatchObject({
      status: 'stopped',
      failure: { error: 'RunStopped', cause: 'too expensive' },
    });
  });

  it('tells why a run failed that never got a folder', async () => {
    await executions.start({ stateMachineArn: STATE_MACHINE_ARN, name: 'run-2', input: { pipeline: 'x', mode: 7 } });
    executions.end('run-2', { status: 'FAILED', error: 'UnknownPipelineError', cause: 'There is no pipeline "x".' });

    expect((await get('run-2')).body).toMatchObject({
      status: 'failed',
      pipeline: 'x',
      runUri: null,
      failure: { error: 'UnknownPipelineError' },
    });
  });

  it('remembers a run that Step Functions has forgotten', async () => {
    await given('run-1', '2026-03-01T06:00:00.000Z', { outcome: 'gateNotPassed' });
    executions.executions.clear();

    expect((await get('run-1')).body).toMatchObject({ status: 'gateNotPassed' });
  });

  it.each([
    ['nobody’s', 'run-9', 404],
    ['a path', '../../secrets', 400],
    ['another state machine’s', 'x:y', 400],
    ['too long', 'x'.repeat(81), 400],
  ])('knows no run of an id that is %s', async (_, id, status) => {
    expect(await get(id)).toMatchObject({ status });
  });
});

describe('GET /runs', () => {
  it('lists a pipeline’s runs, newest first, a page at a time, and reads no record of other pages', async () => {
    for (const [index, day] of ['03', '01', '05', '02', '04'].entries()) {
      await given(`run-${index}`, `2026-03-${day}T06:00:00.000Z`);
    }
    const { getText } = objectStore;
    const read: string[] = [];
    objectStore.getText = (uri) => {
      read.push(uri);
      return getText(uri);
    };

    const first = await list({ limit: '2' });
    expect(read).toHaveLength(2);
    const second = await list({ limit: '2', nextToken: first.body.nextToken });
    const third = await list({ limit: '2', nextToken: second.body.nextToken });

    const ids = [first, second, third].map(({ body }) => body.runs.map(({ runId }: { runId: string }) => runId));
    expect(ids).toEqual([['run-2', 'run-4'], ['run-0', 'run-3'], ['run-1']]);
    expect(third.body.nextToken).toBeNull();
  });

  it('lists nothing of a pipeline that has no runs', async () => {
    await given('run-1', '2026-03-01T06:00:00.000Z');

    expect((await list({ pipeline: 'fligh' })).body).toEqual({ runs: [], nextToken: null });
  });

  it.each([{ limit: '0' }, { limit: '101' }, { limit: 'x' }, { nextToken: '../x' }, { page: '2' }])(
    'refuses %o',
    async (query) => {
      expect(await list(query as never)).toMatchObject({ status: 400 });
    },
  );
});

describe('POST /runs/{id}/stop', () => {
  it('stops a run once', async () => {
    await given('run-1', '2026-03-01T06:00:00.000Z');

    expect(await stop('run-1')).toMatchObject({ status: 202, body: { runId: 'run-1' } });
    expect(await stop('run-1')).toMatchObject({ status: 409, body: { title: 'RunHasEnded' } });
  });

  it('knows no run of a foreign id', async () => {
    expect(await stop('run-9')).toMatchObject({ status: 404 });
  });
});

describe('POST /runs/{id}/resume', () => {
  const inputs = () => [...executions.executions.values()].map(({ input }) => input);

  it('starts an execution that goes on with the run; at the same moment it is one', async () => {
    await given('run-1', '2026-03-01T06:00:00.000Z');
    executions.end('run-1', { status: 'FAILED', error: 'WarehouseOverloadedError' });

    const replies = await Promise.all([resume('run-1'), resume('run-1')]);

    expect(replies).toMatchObject([
      { status: 202, body: { runId: 'run-1', url: '/runs/run-1' } },
      { status: 202, body: { runId: 'run-1', url: '/runs/run-1' } },
    ]);
    expect(inputs()).toEqual([{ pipeline: 'flights' }, { pipeline: 'flights', resume: 'run-1' }]);
  });

  it('goes on after a resumption that failed too, and stops the one that is going', async () => {
    await given('run-1', '2026-03-01T06:00:00.000Z');
    executions.end('run-1', { status: 'ABORTED' });
    await resume('run-1');
    executions.end('run-1-resumed-1', { status: 'FAILED' });

    expect((await resume('run-1')).status).toBe(202);
    expect((await stop('run-1')).status).toBe(202);

    expect([...executions.executions.values()].map(({ status }) => status)).toEqual(['ABORTED', 'FAILED', 'ABORTED']);
    expect(await stop('run-1')).toMatchObject({ status: 409, body: { title: 'RunHasEnded' } });
  });

  it.each([
    ['is going', 'RUNNING', 'RunIsGoing'],
    ['has succeeded', 'SUCCEEDED', 'RunHasSucceeded'],
  ] as const)('refuses a run that %s', async (_, status, title) => {
    await given('run-1', '2026-03-01T06:00:00.000Z');
    executions.end('run-1', { status });

    expect(await resume('run-1')).toMatchObject({ status: 409, body: { title } });
    expect(inputs()).toHaveLength(1);
  });

  it('knows no run of a foreign id', async () => {
    expect(await resume('run-9')).toMatchObject({ status: 404 });
  });
});
