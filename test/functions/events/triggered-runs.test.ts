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
});
