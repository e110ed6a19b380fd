import { beforeEach, describe, expect, it } from 'vitest';
import { recordEnding } from '#functions/events/record-ending/record-ending.ts';
import { announceRun } from '#functions/pipeline/announce-run/announce-run.ts';
import type { ExecutionDescription } from '#shared/executions/executions.ts';
import { executionArnOf } from '#shared/executions/executions.ts';
import { indexRun } from '#shared/pipeline/run-index.ts';
import { loadRunRecord } from '#shared/pipeline/run-record.ts';
import { inMemoryEventBus } from '#test/shared/event-bus/in-memory.ts';
import { type InMemoryExecutions, inMemoryExecutions, STATE_MACHINE_ARN } from '#test/shared/executions/in-memory.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenDataset, givenRun, RUN_URI, STORE_URI } from '#test/shared/pipeline/fixture.ts';

const EXECUTION_ARN = executionArnOf(STATE_MACHINE_ARN, 'run-1');

let ports: {
  objectStore: ReturnType<typeof inMemoryObjectStore>;
  executions: InMemoryExecutions;
  eventBus: ReturnType<typeof inMemoryEventBus>;
};
beforeEach(() => {
  ports = { objectStore: inMemoryObjectStore(), executions: inMemoryExecutions(), eventBus: inMemoryEventBus() };
});

const givenExecution = (name = 'run-1', input: object = { pipeline: 'flights' }) =>
  ports.executions.start({ stateMachineArn: STATE_MACHINE_ARN, name, input });

const givenGoing = async (executionArn = EXECUTION_ARN): Promise<void> => {
  await indexRun(ports.objectStore, STORE_URI, await givenRun(ports.objectStore, { executionArn }));
  await givenExecution();
};

const hear = (executionArn = EXECUTION_ARN) =>
  recordEnding(
    { source: 'aws.states', 'detail-type': 'Step Functions Execution Status Change', detail: { executionArn } },
    ports,
    { storeUri: STORE_URI },
  );
const announce = () =>
  announceRun(
    { runUri: RUN_URI, executionArn: EXECUTION_ARN, input: {}, finishedAt: '2026-03-01T06:30:00.000Z', failure: null },
    { ...ports, mapRuns: { failedItem: async () => undefined } },
  );
const told = () => ports.eventBus.events.map(({ detailType }) => detailType);

describe('a run that was ended from outside', () => {
  it.each<[string, Partial<ExecutionDescription>, object]>([
    [
      'stopped with a reason',
      { status: 'ABORTED', error: 'RunStopped', cause: 'too expensive' },
      { outcome: 'stopped', error: 'RunStopped', cause: 'too expensive' },
    ],
    [
      'stopped without one',
      { status: 'ABORTED' },
      { outcome: 'stopped', error: 'RunStopped', cause: 'Nobody said why.' },
    ],
    [
      'timed out',
      { status: 'TIMED_OUT' },
      { outcome: 'timedOut', error: 'States.Timeout', cause: 'A step gave no answer within its time.' },
    ],
  ])('is recorded with what it had done, and told: %s', async (_, ending, expected) => {
    await givenGoing();
    await givenDataset(ports.objectStore, 'train', ['ID'], ['1\n']);
    ports.executions.end('run-1', { stoppedAt: new Date('2026-03-01T06:10:00Z'), ...ending });

    expect(await hear()).toMatchObject({ runUri: RUN_URI });

    const { outcome, ...failure } = expected as { outcome: string };
    expect(await loadRunRecord(ports.objectStore, RUN_URI)).toMatchObject({
      outcome,
      failure,
      finishedAt: '2026-03-01T06:10:00.000Z',
      durationSeconds: 600,
      datasets: { train: { rowCount: 1 } },
    });
    expect(ports.eventBus.events).toEqual([
      {
        detailType: 'Run Stopped',
        detail: { runUri: RUN_URI, executionArn: EXECUTION_ARN, pipeline: 'flights', mode: 'full', ...expected },
      },
    ]);
  });

  it('is told once, however often and late its event comes', async () => {
    await givenGoing();
    await ports.executions.stop(EXECUTION_ARN, 'enough');

    await hear();
    const record = ports.objectStore.objects.get(`${RUN_URI}run.json`);
    expect(await hear()).toEqual({ runUri: RUN_URI, outcome: null });

    expect(told()).toEqual(['Run Stopped']);
    expect(ports.objectStore.objects.get(`${RUN_URI}run.json`)).toBe(record);
  });

  it('is told once when two deliveries are handled side by side: one of them is tried again', async () => {
    await givenGoing();
    await ports.executions.stop(EXECUTION_ARN, 'enough');

    const [first, second] = await Promise.allSettled([hear(), hear()]);

    expect([first.status, second.status].sort()).toEqual(['fulfilled', 'rejected']);
    expect([first, second].find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { name: 'ObjectChangedError' },
    });
    await hear();
    expect(told()).toEqual(['Run Stopped']);
  });

  it('is told by the next try when the bus was out of order', async () => {
    await givenGoing();
    await ports.executions.stop(EXECUTION_ARN, 'enough');
    const broken = { put: () => Promise.reject(new Error('no bus')) };
    const event = { source: 'aws.states', 'detail-type': 'Step Functions Execution Status Change' } as const;
    const detail = { executionArn: EXECUTION_ARN };

    await expect(
      recordEnding({ ...event, detail }, { ...ports, eventBus: broken }, { storeUri: STORE_URI }),
    ).rejects.toThrow('no bus');
    await hear();
    await hear();

    expect(told()).toEqual(['Run Stopped']);
  });

  it('before it had a folder is told by what its input says', async () => {
    await givenExecution();
    await ports.executions.stop(EXECUTION_ARN, 'by mistake');

    await hear();

    expect(ports.eventBus.events).toMatchObject([
      { detailType: 'Run Stopped', detail: { runUri: null, pipeline: 'flights', mode: null } },
    ]);
    expect(ports.objectStore.objects.size).toBe(0);
  });

  it('by the engine, before it reached its last state, is told as failed', async () => {
    await givenGoing();
    ports.executions.end('run-1', { status: 'FAILED', error: 'States.Runtime', cause: 'The history is full.' });

    await hear();

    expect(told()).toEqual(['Run Failed']);
    expect(await loadRunRecord(ports.objectStore, RUN_URI)).toMatchObject({ outcome: 'failed' });
  });
});

describe('nothing is told', () => {
  it('of a run that has told its end itself', async () => {
    await givenGoing();
    await announce();
    ports.executions.end('run-1', { status: 'FAILED', error: 'X' });

    expect(await hear()).toEqual({ runUri: RUN_URI, outcome: null });
    expect(told()).toEqual(['Run Succeeded']);
  });

  it('of a run that is going again, or has succeeded', async () => {
    await givenGoing();
    await hear();
    ports.executions.end('run-1');
    await hear();

    expect(told()).toEqual([]);
  });

  it('of an execution whose run another one has resumed', async () => {
    await givenGoing(`${EXECUTION_ARN}-resumed-1`);
    await ports.executions.stop(EXECUTION_ARN, 'enough');
    const record = ports.objectStore.objects.get(`${RUN_URI}run.json`);

    await hear();

    expect(told()).toEqual([]);
    expect(ports.objectStore.objects.get(`${RUN_URI}run.json`)).toBe(record);
  });

  it('of a failure that came before the run had a folder: AnnounceRun tells that', async () => {
    await givenExecution();
    ports.executions.end('run-1', { status: 'FAILED', error: 'UnknownPipelineError' });

    await hear();

    expect(told()).toEqual([]);
  });
});

it('a resumed run that is stopped is recorded under its own id', async () => {
  const resumed = `${EXECUTION_ARN}-resumed-1`;
  await givenGoing(resumed);
  await givenExecution('run-1-resumed-1', { resume: 'run-1' });
  await ports.executions.stop(resumed, 'enough');

  expect(await hear(resumed)).toEqual({ runUri: RUN_URI, outcome: 'stopped' });
});
