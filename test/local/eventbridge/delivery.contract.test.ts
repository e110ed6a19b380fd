import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Iam } from '#local/iam/iam.ts';
import { allow, policy, roleArn, roleFor } from '#test/local/iam/roles.ts';
import { fixture, openLambda } from '#test/local/lambda/open-lambda.ts';
import { manualClock } from './manual-clock.ts';
import {
  entry,
  FUNCTION_ARN,
  type OpenEventBridge,
  openEventBridge,
  RULE_ROLE_ARN,
  ruleIam,
  STATE_MACHINE_ARN,
  startTargets,
  type Targets,
} from './open-eventbridge.ts';

const EVERY_TEST_EVENT = { Name: 'tests', EventPattern: '{"source":["test"]}' };

let iam: Iam;
let targets: Targets;
let bridge: OpenEventBridge;

beforeEach(async () => {
  iam = ruleIam();
  targets = await startTargets(iam);
});

afterEach(async () => {
  await bridge.close();
  await targets.close();
});

const open = async (options: Partial<Parameters<typeof openEventBridge>[0]> = {}): Promise<void> => {
  bridge = await openEventBridge({ iam, endpoints: targets.endpoints, ...options });
};

const details = (): unknown[] => targets.received.map((event) => (event as { detail: unknown }).detail);

describe('an event', () => {
  it('reaches the function of the rule that it fits, in EventBridge’s envelope', async () => {
    await open();
    await bridge.rule({ Name: 'jobs', EventPattern: '{"source":["test"],"detail":{"status":["Completed"]}}' });

    const { Entries } = await bridge.putEvents(
      entry({ status: 'Completed' }, { Resources: ['arn:job'], Time: new Date('2026-01-02T03:04:05.678Z') }),
      entry({ status: 'InProgress' }),
    );
    await bridge.events.idle();

    expect(targets.received).toEqual([
      {
        version: '0',
        id: Entries![0]!.EventId,
        'detail-type': 'Test',
        source: 'test',
        account: '000000000000',
        time: '2026-01-02T03:04:05Z',
        region: 'eu-central-1',
        resources: ['arn:job'],
        detail: { status: 'Completed' },
      },
    ]);
  });

  it('of an AWS service reaches the rules of the default bus', async () => {
    await open();
    await bridge.rule({ Name: 'sagemaker', EventPattern: '{"source":["aws.sagemaker"]}' });

    bridge.events.emit({
      source: 'aws.sagemaker',
      'detail-type': 'SageMaker Training Job State Change',
      resources: ['arn:aws:sagemaker:eu-central-1:000000000000:training-job/a'],
      detail: { TrainingJobName: 'a', TrainingJobStatus: 'Completed' },
    });
    await bridge.events.idle();

    expect(targets.received).toEqual([
      expect.objectContaining({ source: 'aws.sagemaker', detail: expect.objectContaining({ TrainingJobName: 'a' }) }),
    ]);
  });

  it('starts an execution with the input that the target shapes', async () => {
    await open();
    const InputTransformer = {
      InputPathsMap: { p: '$.detail.pipeline' },
      InputTemplate: '{"pipeline": <p>, "mode": "full"}',
    };
    await bridge.rule(EVERY_TEST_EVENT, { Arn: STATE_MACHINE_ARN, RoleArn: RULE_ROLE_ARN, InputTransformer });

    const { Entries } = await bridge.putEvents(entry({ pipeline: 'flights' }));
    await bridge.events.idle();

    expect(targets.executions).toHaveLength(1);
    expect(targets.executions[0]).toMatchObject({ stateMachineArn: STATE_MACHINE_ARN });
    expect(targets.executions[0]!.name).toMatch(new RegExp(`^${Entries![0]!.EventId}_[\\w-]{36}$`));
    expect(JSON.parse(targets.executions[0]!.input)).toEqual({ pipeline: 'flights', mode: 'full' });
  });

  it('runs a handler of the laptop’s Lambda', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'eventbridge-lambda-'));
    const file = join(folder, 'attempts');
    iam.deploy({
      roles: [roleFor('events.amazonaws.com', RULE_ROLE_ARN), roleFor('lambda.amazonaws.com', roleArn('function'))],
      resourcePolicies: {
        [FUNCTION_ARN]: policy({
          ...allow('lambda:InvokeFunction', FUNCTION_ARN),
          Principal: { Service: 'events.amazonaws.com' },
        }),
      },
    });
    const lambda = await openLambda({ iam, functions: { resumeTask: fixture('failUntil') } });
    await open({ endpoints: () => ({ ...targets.endpoints(), lambda: lambda.host.url }) });
    await bridge.rule(EVERY_TEST_EVENT, { InputPath: '$.detail' });

    await bridge.putEvents(entry({ file, successAt: 1 }));

    await vi.waitFor(async () => expect(await readFile(file, 'utf8')).toBe('.'), 10_000);
    await lambda.close();
    await rm(folder, { recursive: true });
  });

  it('is not delivered for a disabled rule, nor on another bus', async () => {
    await open();
    await bridge.rule({ ...EVERY_TEST_EVENT, State: 'DISABLED' });

    const { FailedEntryCount, Entries } = await bridge.putEvents(entry({}), entry({}, { EventBusName: 'other' }));
    await bridge.events.idle();

    expect(targets.received).toEqual([]);
    expect({ FailedEntryCount, second: Entries![1] }).toEqual({
      FailedEntryCount: 1,
      second: {
        ErrorCode: 'InvalidArgument',
        ErrorMessage: 'Parameter EventBusName is not valid. Reason: Event bus other does not exist.',
      },
    });
  });
});

describe('a target that fails', () => {
  it('gets the event again until it takes it', async () => {
    await open();
    await bridge.rule(EVERY_TEST_EVENT);
    targets.failures.push(500, 503, 429);

    await bridge.putEvents(entry({ n: 1 }));
    await bridge.events.idle();

    expect(details()).toEqual([{ n: 1 }]);
    expect(targets.failures).toEqual([]);
  });

  it('waits twice as long before each retry', async () => {
    const clock = manualClock('2026-01-01T00:00:00Z');
    await open({ clock, firstRetrySeconds: 10, longestRetrySeconds: 15 });
    await bridge.rule(EVERY_TEST_EVENT);
    targets.failures.push(500, 500, 500);

    await bridge.putEvents(entry({ n: 1 }));
    const failuresLeft: number[] = [];
    for (const [left, before, at] of [
      [2, '00:00:09.9', '00:00:10'],
      [1, '00:00:24.9', '00:00:25'],
      [0, '00:00:39.9', '00:00:40'],
    ] as const) {
      await vi.waitFor(() => expect(targets.failures).toHaveLength(left));
      await settled();
      clock.advanceTo(`2026-01-01T${before}Z`);
      await settled();
      failuresLeft.push(targets.failures.length);
      clock.advanceTo(`2026-01-01T${at}Z`);
    }
    await bridge.events.idle();

    expect(failuresLeft).toEqual([2, 1, 0]);
    expect(details()).toEqual([{ n: 1 }]);
  });

  it.each([
    ['refuses the event', [404], {}, 'NotRetryable', 'ResourceNotFoundException', 0],
    ['fails too often', [500, 500, 500], { MaximumRetryAttempts: 2 }, 'MaximumRetryAttempts', 'ServiceException', 2],
    [
      'fails once where no retry is allowed',
      [500],
      { MaximumRetryAttempts: 0 },
      'MaximumRetryAttempts',
      'ServiceException',
      0,
    ],
  ] as const)('and %s loses it to the dead letters', async (_, statuses, RetryPolicy, condition, code, retries) => {
    const onDeadLetter = vi.fn();
    await open({ onDeadLetter });
    const DeadLetterConfig = { Arn: 'arn:aws:sqs:eu-central-1:000000000000:dead' };
    await bridge.rule(EVERY_TEST_EVENT, { RetryPolicy, DeadLetterConfig });
    targets.failures.push(...statuses);

    await bridge.putEvents(entry({ n: 1 }));
    await bridge.events.idle();

    expect(targets.received).toEqual([]);
    const [letter] = (await readFile(join(bridge.dataDir, 'dead-letters.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(JSON.parse(letter!)).toMatchObject({
      RULE_ARN: 'arn:aws:events:eu-central-1:000000000000:rule/tests',
      TARGET_ARN: 'arn:aws:lambda:eu-central-1:000000000000:function:resumeTask',
      ERROR_CODE: code,
      RETRY_ATTEMPTS: retries,
      EXHAUSTED_RETRY_CONDITION: condition,
      deadLetterArn: DeadLetterConfig.Arn,
    });
    expect(onDeadLetter).toHaveBeenCalledTimes(1);
    expect(await readdir(join(bridge.dataDir, 'deliveries'))).toEqual([]);
  });

  it('loses an event that would be too old at the next attempt', async () => {
    const onDeadLetter = vi.fn();
    await open({ onDeadLetter, firstRetrySeconds: 61, longestRetrySeconds: 61 });
    await bridge.rule(EVERY_TEST_EVENT, { RetryPolicy: { MaximumEventAgeInSeconds: 60 } });
    targets.failures.push(500);

    await bridge.putEvents(entry({}));
    await bridge.events.idle();

    expect(onDeadLetter.mock.calls[0]![0]).toMatchObject({ EXHAUSTED_RETRY_CONDITION: 'MaximumEventAgeInSeconds' });
  });
});

describe('a restart', () => {
  it('keeps the rules, and delivers what was not delivered', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'eventbridge-'));
    await open({ dataDir, firstRetrySeconds: 600, longestRetrySeconds: 600 });
    await bridge.rule(EVERY_TEST_EVENT);
    targets.failures.push(503);
    await bridge.putEvents(entry({ n: 1 }));
    await vi.waitFor(() => expect(targets.failures).toEqual([]));
    await bridge.close();
    expect(targets.received).toEqual([]);

    await open({ dataDir });
    await bridge.putEvents(entry({ n: 2 }));
    await bridge.events.idle();

    expect(inOrderOf('n', details())).toEqual([{ n: 1 }, { n: 2 }]);
    await bridge.close();
    await rm(dataDir, { recursive: true });
    await open();
  });
});

describe('chaos', () => {
  const putOneByOne = async (count: number): Promise<void> => {
    for (let n = 1; n <= count; n++) await bridge.putEvents(entry({ n }));
    await bridge.events.idle();
  };

  it('delivers every second event twice', async () => {
    await open({ chaos: { duplicateEvery: 2 } });
    await bridge.rule(EVERY_TEST_EVENT);

    await putOneByOne(4);

    expect(inOrderOf('n', details())).toEqual([1, 2, 2, 3, 4, 4].map((n) => ({ n })));
  });

  it('lets later events overtake every second one', async () => {
    const clock = manualClock('2026-01-01T00:00:00Z');
    await open({ clock });
    bridge.events.disturb({ delayEvery: 2, delaySeconds: 5 });
    await bridge.rule(EVERY_TEST_EVENT);
    for (const n of [1, 2, 3]) await bridge.putEvents(entry({ n }));
    await vi.waitFor(() => expect(targets.received).toHaveLength(2));

    clock.advanceTo('2026-01-01T00:00:05Z');
    await bridge.events.idle();

    expect(details().slice(-1)).toEqual([{ n: 2 }]);
  });

  it('loses every third event, and none once it has ended', async () => {
    await open({ chaos: { dropEvery: 3 } });
    await bridge.rule(EVERY_TEST_EVENT);
    await putOneByOne(3);
    expect(targets.received).toHaveLength(2);

    bridge.events.disturb({});
    await putOneByOne(3);

    expect(targets.received).toHaveLength(5);
  });
});

describe('a schedule', () => {
  it('fires at its time, for its own rule only, with a Scheduled Event', async () => {
    const clock = manualClock('2026-01-01T00:00:00Z');
    await open({ clock });
    await bridge.rule({ Name: 'nightly', ScheduleExpression: 'cron(30 2 * * ? *)' });
    await bridge.rule({ Name: 'other', ScheduleExpression: 'cron(0 0 1 1 ? 2030)' });

    clock.advanceTo('2026-01-01T02:29:59Z');
    await bridge.events.idle();
    expect(targets.received).toEqual([]);
    clock.advanceTo('2026-01-03T00:00:00Z');
    await bridge.events.idle();

    const event = {
      source: 'aws.events',
      'detail-type': 'Scheduled Event',
      resources: ['arn:aws:events:eu-central-1:000000000000:rule/nightly'],
      detail: {},
    };
    expect(inOrderOf('time', targets.received)).toEqual([
      expect.objectContaining({ ...event, time: '2026-01-01T02:30:00Z' }),
      expect.objectContaining({ ...event, time: '2026-01-02T02:30:00Z' }),
    ]);
  });

  it('counts a rate from the rule’s creation, also after the rule was put again', async () => {
    const clock = manualClock('2026-01-01T00:00:00Z');
    await open({ clock });
    const rule = { Name: 'sweep', ScheduleExpression: 'rate(5 minutes)' };
    await bridge.rule(rule, { Input: '{"sweep":true}' });
    clock.advanceTo('2026-01-01T00:03:00Z');
    await bridge.rule({ ...rule, Description: 'again' }, { Input: '{"sweep":true}' });

    clock.advanceTo('2026-01-01T00:05:00Z');
    await bridge.events.idle();

    expect(targets.received).toEqual([{ sweep: true }]);
  });
});

/** Deliveries may overtake each other without any chaos. */
const inOrderOf = (field: string, values: readonly unknown[]): unknown[] =>
  values.toSorted((a, b) => String(Object(a)[field]).localeCompare(String(Object(b)[field])));

/** Gives a call that is under way the time to come back. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));
