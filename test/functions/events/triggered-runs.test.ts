import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { startQueuedRuns as startQueuedRunsStep } from '#functions/events/start-queued-runs/start-queued-runs.ts';
import { StartTriggeredRunInput } from '#functions/events/start-triggered-run/schema.ts';
import { startTriggeredRun as startTriggeredRunStep } from '#functions/events/start-triggered-run/start-triggered-run.ts';
import { executionArnOf } from '#shared/executions/executions.ts';
import { granted } from '#test/functions/granted.ts';
import { inMemoryEventBus } from '#test/shared/event-bus/in-memory.ts';
import { type InMemoryExecutions, inMemoryExecutions, STATE_MACHINE_ARN } from '#test/shared/executions/in-memory.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { STORE_URI } from '#test/shared/pipeline/fixture.ts';

const startQueuedRuns = granted('startQueuedRuns', startQueuedRunsStep);
const startTriggeredRun = granted('startTriggeredRun', startTriggeredRunStep);

const SETTINGS = { storeUri: STORE_URI, stateMachineArn: STATE_MACHINE_ARN };

let ports: {
  objectStore: ReturnType<typeof inMemoryObjectStore>;
  executions: InMemoryExecutions;
  eventBus: ReturnType<typeof inMemoryEventBus>;
};
beforeEach(() => {
  ports = { objectStore: inMemoryObjectStore(), executions: inMemoryExecutions(), eventBus: inMemoryEventBus() };
});

const trigger = (occurrence: string, settings: object = {}) =>
  startTriggeredRun(
    StartTriggeredRunInput.parse({ pipeline: 'flights', trigger: 'nightly', occurrence, ...settings }),
    ports,
    SETTINGS,
  );
const startQueued = (executionArn?: string) =>
  startQueuedRuns({ detail: executionArn ? { executionArn } : {} }, ports, SETTINGS);
const statuses = () => [...ports.executions.executions.values()].map(({ status }) => status);
const arnOf = (name: string) => executionArnOf(STATE_MACHINE_ARN, name);

describe('startTriggeredRun', () => {
  it('starts one run for an occurrence, however often and however late it is heard of', async () => {
    const first = await trigger('2026-03-01T02:30:00Z', { mode: 'score' });
    const second = await trigger('2026-03-01T02:30:00Z', { mode: 'score' });
    ports.executions.end(first.runId);
    const third = await trigger('2026-03-01T02:30:00Z', { mode: 'score' });

    expect(first).toMatchObject({ decision: 'started', going: [] });
    expect([second, third]).toEqual([first, first]);
    expect(statuses()).toEqual(['SUCCEEDED']);
    expect(ports.executions.executions.get(arnOf(first.runId))!.input).toEqual({
      pipeline: 'flights',
      mode: 'score',
      overrides: {},
    });
  });

  it('starts one run for an occurrence whose record was lost', async () => {
    const first = await trigger('1');
    ports.objectStore.objects.delete(`${STORE_URI}/triggers/flights/${first.runId}.json`);
    ports.executions.end(first.runId);

    expect(await trigger('1')).toMatchObject({ decision: 'started', runId: first.runId });
    expect(statuses()).toEqual(['SUCCEEDED']);
  });

  it('skips a run while another one is going, records it and tells the bus', async () => {
    const first = await trigger('1');
    const second = await trigger('2');
    ports.executions.end(first.runId);
    const again = await trigger('2');

    expect(second).toMatchObject({ decision: 'skipped', going: [first.runId] });
    expect(again).toEqual(second);
    expect(ports.eventBus.events).toEqual([
      {
        detailType: 'Run Skipped',
        detail: expect.objectContaining({ pipeline: 'flights', occurrence: '2', going: [first.runId] }),
      },
    ]);
    expect(statuses()).toEqual(['SUCCEEDED']);
  });

  it('minds only runs of its own pipeline, and those that name none', async () => {
    await ports.executions.start({ stateMachineArn: STATE_MACHINE_ARN, name: 'other', input: { pipeline: 'weather' } });
    const first = await trigger('1');
    ports.executions.end(first.runId);
    await ports.executions.start({ stateMachineArn: STATE_MACHINE_ARN, name: 'by-hand', input: {} });
    const second = await trigger('2');

    expect([first.decision, second.decision]).toEqual(['started', 'skipped']);
    expect(second.going).toEqual(['by-hand']);
  });

  it('stops what is going where the newest run counts', async () => {
    const first = await trigger('1');
    const second = await trigger('2', { overlap: 'cancel' });

    expect(second).toMatchObject({ decision: 'started', going: [first.runId] });
    expect(statuses()).toEqual(['ABORTED', 'RUNNING']);
    expect(ports.executions.executions.get(arnOf(first.runId))!.cause).toContain(second.runId);
  });

  it('starts one of many runs that are asked for at the same moment, and skips the others because of it', async () => {
    const records = await Promise.all(Array.from({ length: 20 }, (_, index) => trigger(`${index}`)));

    const started = records.filter(({ decision }) => decision === 'started');
    expect(started).toHaveLength(1);
    expect(records.filter(({ decision }) => decision === 'skipped')).toHaveLength(19);
    for (const { decision, going } of records) {
      expect(going).toEqual(decision === 'started' ? [] : [started[0]!.runId]);
    }
    expect(statuses()).toEqual(['RUNNING']);
  });

  it('minds a run that is about to start, and no longer one whose function died before', async () => {
    const slot = (takenAt: number) =>
      ports.objectStore.put(
        `${STORE_URI}/triggers/flights.json`,
        JSON.stringify({ runId: 'flights-dead', takenAt: new Date(takenAt).toISOString() }),
      );
    await slot(Date.now() - 60_000);
    expect(await trigger('1')).toMatchObject({ decision: 'skipped', going: ['flights-dead'] });
    await expect(trigger('2', { overlap: 'cancel' })).rejects.toMatchObject({ name: 'ObjectChangedError' });

    await slot(Date.now() - 121_000);
    expect(await trigger('3')).toMatchObject({ decision: 'started' });
  });

  it('starts the run of a function that died between taking the slot and starting it, when it is tried again', async () => {
    const { start } = ports.executions;
    ports.executions.start = () => Promise.reject(new Error('ThrottlingException'));
    await expect(trigger('1')).rejects.toThrow('Throttling');
    ports.executions.start = start;

    expect(await trigger('1')).toMatchObject({ decision: 'started' });
  });

  it('starts no run beside one that a person has resumed, and tells that one by its id', async () => {
    const first = await trigger('1');
    ports.executions.end(first.runId, { status: 'FAILED' });
    const name = `${first.runId}-resumed-1`;
    await ports.executions.start({
      stateMachineArn: STATE_MACHINE_ARN,
      name,
      input: { pipeline: 'flights', resume: first.runId },
    });

    expect(await trigger('2')).toMatchObject({ decision: 'skipped', going: [first.runId] });
    ports.executions.end(name);
    expect(await trigger('3')).toMatchObject({ decision: 'started' });
  });

  it('leaves one run going of many that replace each other at the same moment', async () => {
    const ask = async (occurrence: string) => {
      for (;;) {
        try {
          return await trigger(occurrence, { overlap: 'cancel' });
        } catch (error) {
          // As Lambda asks again.
          if ((error as Error).name !== 'ObjectChangedError') throw error;
        }
      }
    };

    await Promise.all(Array.from({ length: 6 }, (_, index) => ask(`${index}`)));

    expect(statuses().toSorted()).toEqual([...Array(5).fill('ABORTED'), 'RUNNING']);
  });

  it.each([
    [{ trigger: '../../x' }, 'trigger'],
    [{ pipeline: 'Flights' }, 'pipeline'],
    [{ sql: 'SELECT 1' }, 'sql'],
    [{ mode: 'all' }, 'mode'],
  ])('takes no %o', (settings, name) => {
    const parsed = StartTriggeredRunInput.safeParse({
      pipeline: 'flights',
      trigger: 't',
      occurrence: '1',
      ...settings,
    });

    expect(parsed.error?.message).toContain(name);
  });
});

describe('startQueuedRuns', () => {
  it('starts a queued run when the one before it has told its end, and not earlier', async () => {
    const first = await trigger('1');
    const second = await trigger('2', { overlap: 'queue' });
    const early = await startQueued();
    const late = await startQueued(arnOf(first.runId));

    expect(second.decision).toBe('queued');
    expect(early).toEqual({ started: [], waiting: [second.runId] });
    expect(late).toEqual({ started: [second.runId], waiting: [] });
    expect(await trigger('2', { overlap: 'queue' })).toMatchObject({ decision: 'started' });
    expect(await startQueued()).toEqual({ started: [], waiting: [] });
  });

  it('starts a queued run after one that was stopped and told nobody', async () => {
    const first = await trigger('1');
    const second = await trigger('2', { overlap: 'queue' });
    await ports.executions.stop(arnOf(first.runId), 'by hand');

    expect((await startQueued()).started).toEqual([second.runId]);
  });

  it('lets one run of a trigger wait; a further one is skipped', async () => {
    await trigger('1');
    await trigger('2', { overlap: 'queue' });

    expect(await trigger('3', { overlap: 'queue' })).toMatchObject({ decision: 'skipped' });
  });

  it('starts the queued runs of two triggers one after the other', async () => {
    const first = await trigger('1');
    const second = await trigger('2', { overlap: 'queue' });
    await sleep(2);
    const third = await trigger('3', { overlap: 'queue', trigger: 'by-event' });

    expect(await startQueued(arnOf(first.runId))).toEqual({ started: [second.runId], waiting: [third.runId] });
  });

  it('asks Step Functions once for what is going, however many runs are queued', async () => {
    await trigger('1');
    for (const name of ['a', 'b', 'c']) await trigger('1', { overlap: 'queue', trigger: name });
    const { running } = ports.executions;
    let listings = 0;
    ports.executions.running = (arn) => {
      listings += 1;
      return running(arn);
    };

    expect((await startQueued()).waiting).toHaveLength(3);
    expect(listings).toBe(1);
  });

  it('starts what it can when one queued run can’t be started or read, and tells of that one at the end', async () => {
    const runs: string[] = [];
    for (const pipeline of ['flights', 'weather']) {
      const { runId } = await trigger('1', { pipeline });
      runs.push((await trigger('2', { pipeline, overlap: 'queue' })).runId);
      ports.executions.end(runId);
      await sleep(2);
    }
    await ports.objectStore.put(`${STORE_URI}/queued-runs/flights/broken.json`, '{');
    const { start } = ports.executions;
    ports.executions.start = (request) =>
      request.name === runs[0] ? Promise.reject(new Error('StateMachineDeleting')) : start(request);

    await expect(startQueued()).rejects.toMatchObject({
      name: 'AggregateError',
      message: `1 of 2 queued runs couldn't be started: ${runs[0]}: StateMachineDeleting`,
    });

    ports.executions.start = start;
    expect(ports.executions.executions.get(arnOf(runs[1]!))).toMatchObject({ status: 'RUNNING' });
    expect((await startQueued()).started).toEqual([runs[0]]);
  });

  it('takes out of the queue a run that an earlier try has started', async () => {
    const first = await trigger('1');
    const { runId } = await trigger('2', { overlap: 'queue' });
    ports.executions.end(first.runId);
    const { delete: remove } = ports.objectStore;
    ports.objectStore.delete = () => Promise.reject(new Error('SlowDown'));
    await expect(startQueued()).rejects.toThrow('SlowDown');
    ports.objectStore.delete = remove;

    expect(await startQueued()).toEqual({ started: [runId], waiting: [] });
    expect(await startQueued()).toEqual({ started: [], waiting: [] });
  });

  it('starts no queued run beside one that a schedule starts at the same moment', async () => {
    const first = await trigger('1');
    await trigger('2', { overlap: 'queue' });
    ports.executions.end(first.runId);

    await Promise.all([startQueued(), trigger('3', { trigger: 'other' }), trigger('4', { trigger: 'third' })]);

    expect(statuses().toSorted()).toEqual(['RUNNING', 'SUCCEEDED']);
  });
});
