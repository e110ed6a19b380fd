import { describe, expect, it } from 'vitest';
import { followRun, watchOnce } from '#cli/follow-run.ts';
import { progress } from '#cli/progress.ts';
import type { ExecutionEvent, Executions, MapProgress } from '#shared/executions/executions.ts';
import { recordingTerminal } from './recording-terminal.ts';

const PIPELINE = 'arn:aws:states:eu-central-1:000000000000:execution:pipeline:run-1';
const STAGING = 'arn:aws:states:eu-central-1:000000000000:execution:staging:run-1-staging';

type Script = readonly (Partial<ExecutionEvent> & { readonly kind: ExecutionEvent['kind']; readonly second: number })[];

/** Executions that have happened already, told in as many looks as `looks` says. */
const executionsOf = (
  histories: Readonly<Record<string, Script>>,
  { looks = 1, map = { totalCount: 3, succeededCount: 2, failedCount: 0 } as MapProgress } = {},
): Executions => {
  let look = 0;
  return {
    start: () => Promise.reject(new Error('not asked for')),
    stop: () => Promise.reject(new Error('not asked for')),
    running: () => Promise.reject(new Error('not asked for')),
    async describe(executionArn) {
      look += 1;
      return { executionArn, status: look < looks ? 'RUNNING' : 'SUCCEEDED', input: {}, startedAt: new Date(0) };
    },
    async eventsAfter(executionArn, eventId) {
      const events = histories[executionArn]!.map(({ second, ...event }, index) => ({
        ...event,
        id: index + 1,
        at: new Date(second * 1000),
      }));
      const visible = looks > 1 && look < looks ? events.slice(0, Math.ceil((events.length * look) / looks)) : events;
      return visible.filter(({ id }) => id > eventId);
    },
    mapProgress: async () => map,
  };
};

const entered = (second: number, state: string, stateType = 'Task') => ({
  kind: 'entered' as const,
  second,
  state,
  stateType,
});
const exited = (second: number, state: string) => ({ kind: 'exited' as const, second, state });

const STORY: Readonly<Record<string, Script>> = {
  [PIPELINE]: [
    entered(0, 'ResolveRun'),
    { kind: 'attemptStarted', second: 0 },
    { kind: 'attemptSucceeded', second: 1, result: {} },
    exited(1, 'ResolveRun'),
    entered(1, 'NeedsTraining', 'Choice'),
    exited(1, 'NeedsTraining'),
    entered(1, 'Train'),
    { kind: 'attemptStarted', second: 1 },
    { kind: 'childStarted', second: 1, childExecutionArn: STAGING },
    { kind: 'attemptSucceeded', second: 9, result: {} },
    exited(9, 'Train'),
    { kind: 'executionSucceeded', second: 9 },
  ],
  [STAGING]: [
    entered(1, 'PlanPartitions'),
    { kind: 'attemptStarted', second: 1 },
    { kind: 'attemptFailed', second: 2, error: 'WarehouseUnavailableError' },
    { kind: 'attemptStarted', second: 3 },
    { kind: 'attemptSucceeded', second: 4, result: { partitionCount: 3, rowCount: 1200 } },
    exited(4, 'PlanPartitions'),
    entered(4, 'ExtractPartitions', 'Map'),
    { kind: 'mapRunStarted', second: 4, mapRunArn: 'arn:map' },
    exited(8, 'ExtractPartitions'),
    { kind: 'executionSucceeded', second: 8 },
  ],
};

describe('following a run', () => {
  it('prints a line for each state that does something, also of children, with time, counts and retries', async () => {
    const out = recordingTerminal();

    await followRun(executionsOf(STORY), PIPELINE, progress(out));

    expect(out.lines).toEqual([
      '  ✓ pipeline   ResolveRun                1.0 s',
      '  ↻ staging    PlanPartitions            2.0 s  again, after WarehouseUnavailableError',
      '  ✓ staging    PlanPartitions            3.0 s  1,200 rows in 3 partitions',
      '  ✓ staging    ExtractPartitions         4.0 s  2 of 3 done',
    ]);
  });

  it('tells of a Map whose items run in the same history as of one state', async () => {
    const out = recordingTerminal();
    const item = entered(1, 'CopyLayer');
    const story: Script = [
      entered(0, 'CopyLayers', 'Map'),
      item,
      item,
      { kind: 'attemptFailed', second: 2, error: 'RegistryUnavailableError' },
      { kind: 'attemptStarted', second: 3 },
      { kind: 'attemptSucceeded', second: 4, result: {} },
      exited(4, 'CopyLayer'),
      { kind: 'attemptSucceeded', second: 5, result: {} },
      exited(5, 'CopyLayer'),
      exited(6, 'CopyLayers'),
      { kind: 'executionSucceeded', second: 6 },
    ];

    await followRun(executionsOf({ [PIPELINE]: story }), PIPELINE, progress(out));

    expect(out.lines).toEqual([expect.stringMatching(/✓ pipeline {3}CopyLayers +6\.0 s$/)]);
  });

  it('tells the same, each thing once, when it looks many times', async () => {
    const [once, often] = [recordingTerminal(), recordingTerminal()];

    await followRun(executionsOf(STORY), PIPELINE, progress(once));
    await followRun(
      executionsOf(STORY, { looks: 4 }),
      PIPELINE,
      progress(often, () => 0),
    );

    expect(often.lines).toEqual(once.lines);
  });

  it('shows what runs now, with the items of a Map, on a live terminal', async () => {
    const out = recordingTerminal({ isLive: true });
    const executions = executionsOf({
      [PIPELINE]: [entered(0, 'ScoreParts', 'Map'), { kind: 'mapRunStarted', second: 0, mapRunArn: 'arn:map' }],
    });

    await watchOnce(
      executions,
      PIPELINE,
      progress(out, () => 2500),
    );

    expect(out.statuses.at(-1)).toBe('  … pipeline ScoreParts  2.5 s  2 of 3 done');
    expect(out.lines).toEqual([]);
  });

  it('reminds of a state that takes long, ever more seldom, where nobody watches', () => {
    const out = recordingTerminal();
    let now = 0;
    const shown = progress(out, () => now);
    const change = { machine: 'training', state: 'TrainModel', type: 'Task', isParent: false, milliseconds: 0 };

    shown.onChange({ ...change, kind: 'entered', at: new Date(0) });
    for (now = 0; now <= 60_000; now += 250) shown.onTick();

    expect(out.lines).toEqual([
      '  … training TrainModel  10.0 s, still running',
      '  … training TrainModel  20.0 s, still running',
      '  … training TrainModel  40.0 s, still running',
    ]);
  });

  it('marks the state that failed, and not again the parents that failed with it', async () => {
    const out = recordingTerminal();
    const executions = executionsOf({
      [PIPELINE]: [
        entered(0, 'Train'),
        { kind: 'attemptStarted', second: 0 },
        { kind: 'childStarted', second: 0, childExecutionArn: STAGING },
        { kind: 'attemptFailed', second: 5, error: 'States.TaskFailed' },
        exited(5, 'Train'),
        { kind: 'executionBroken', second: 5 },
      ],
      [STAGING]: [
        entered(0, 'PlanPartitions'),
        { kind: 'attemptStarted', second: 0 },
        { kind: 'attemptFailed', second: 5, error: 'EmptyDatasetError' },
        { kind: 'executionBroken', second: 5 },
      ],
    });

    await followRun(executions, PIPELINE, progress(out));

    expect(out.lines).toEqual(['  ✗ staging    PlanPartitions            5.0 s']);
  });

  it('gives up following when it is interrupted', async () => {
    const controller = new AbortController();
    const following = followRun(
      executionsOf(STORY, { looks: 1000 }),
      PIPELINE,
      progress(recordingTerminal()),
      controller.signal,
    );

    controller.abort();

    await expect(following).rejects.toMatchObject({ name: 'AbortError' });
  });
});
