import {
  CreateArchiveCommand,
  CreateEventBusCommand,
  DeleteEventBusCommand,
  DeleteRuleCommand,
  DescribeEventBusCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  ListEventBusesCommand,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  TestEventPatternCommand,
} from '@aws-sdk/client-eventbridge';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entry, FUNCTION_ARN, type OpenEventBridge, openEventBridge, ruleIam } from './open-eventbridge.ts';

let bridge: OpenEventBridge;

beforeEach(async () => {
  bridge = await openEventBridge({
    iam: ruleIam(),
    endpoints: () => {
      throw new Error('No event of these tests has a target.');
    },
  });
});

afterEach(() => bridge.close());

const RULE = { Name: 'jobs', EventPattern: '{"source":["aws.sagemaker"]}' };

describe('PutEvents', () => {
  it('accepts good entries and refuses each bad one with its reason', async () => {
    const { FailedEntryCount, Entries } = await bridge.putEvents(
      entry({ ok: true }),
      entry({}, { Source: undefined }),
      entry({}, { DetailType: '' }),
      entry({}, { Detail: undefined }),
      entry({}, { Detail: '{"a":' }),
      entry({}, { Detail: '[1]' }),
      entry({}, { Source: 'aws.sagemaker' }),
    );

    expect(FailedEntryCount).toBe(6);
    expect(Entries![0]).toEqual({ EventId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(Entries!.slice(1).map(({ ErrorCode, ErrorMessage }) => `${ErrorCode}: ${ErrorMessage}`)).toEqual([
      'InvalidArgument: Parameter Source is not valid. Reason: Source is a required argument.',
      'InvalidArgument: Parameter DetailType is not valid. Reason: DetailType is a required argument.',
      'InvalidArgument: Parameter Detail is not valid. Reason: Detail is a required argument.',
      'MalformedDetail: Detail is malformed.',
      'MalformedDetail: Detail is malformed.',
      'NotAuthorizedForSourceException: Not authorized for the source.',
    ]);
  });

  it.each([0, 11])('refuses %d entries', async (count) => {
    const entries = Array.from({ length: count }, () => entry({}));

    await expect(bridge.putEvents(...entries)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('takes 256 KB and refuses a byte more', async () => {
    const sized = (byteCount: number) => entry({ a: 'x'.repeat(byteCount - 'testTest{"a":""}'.length) });

    await expect(bridge.putEvents(sized(262_144))).resolves.toMatchObject({ FailedEntryCount: 0 });
    await expect(bridge.putEvents(sized(262_145))).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('over the limit: 262145 of 262144 bytes'),
    });
  });
});

describe('a rule', () => {
  it('is described as it was put', async () => {
    const { RuleArn } = await bridge.client.send(new PutRuleCommand({ ...RULE, Description: 'Jobs that ended' }));

    expect(RuleArn).toBe('arn:aws:events:eu-central-1:000000000000:rule/jobs');
    expect(await bridge.client.send(new DescribeRuleCommand({ Name: 'jobs' }))).toMatchObject({
      ...RULE,
      Arn: RuleArn,
      EventBusName: 'default',
      State: 'ENABLED',
      Description: 'Jobs that ended',
    });
  });

  it('can be disabled and enabled', async () => {
    await bridge.client.send(new PutRuleCommand(RULE));

    await bridge.client.send(new DisableRuleCommand({ Name: 'jobs' }));
    const disabled = await bridge.client.send(new DescribeRuleCommand({ Name: 'jobs' }));
    await bridge.client.send(new EnableRuleCommand({ Name: 'jobs' }));
    const enabled = await bridge.client.send(new DescribeRuleCommand({ Name: 'jobs' }));

    expect([disabled.State, enabled.State]).toEqual(['DISABLED', 'ENABLED']);
  });

  it('is listed by prefix, a page at a time', async () => {
    for (const Name of ['a-1', 'a-2', 'b-1', 'a-3']) await bridge.client.send(new PutRuleCommand({ ...RULE, Name }));

    const first = await bridge.client.send(new ListRulesCommand({ NamePrefix: 'a-', Limit: 2 }));
    const { NextToken } = first;
    const second = await bridge.client.send(new ListRulesCommand({ NamePrefix: 'a-', Limit: 2, NextToken }));

    expect([first, second].map(({ Rules }) => Rules?.map(({ Name }) => Name))).toEqual([['a-1', 'a-2'], ['a-3']]);
    expect(second.NextToken).toBeUndefined();
  });

  it('keeps its targets when it is put again, and is deleted only without them', async () => {
    await bridge.rule(RULE, { RetryPolicy: { MaximumRetryAttempts: 3 } });
    await bridge.client.send(new PutRuleCommand({ ...RULE, Description: 'again' }));

    const { Targets } = await bridge.client.send(new ListTargetsByRuleCommand({ Rule: 'jobs' }));
    const early = bridge.client.send(new DeleteRuleCommand({ Name: 'jobs' }));

    expect(Targets).toEqual([{ Id: 'target', Arn: FUNCTION_ARN, RetryPolicy: { MaximumRetryAttempts: 3 } }]);
    await expect(early).rejects.toMatchObject({
      name: 'ValidationException',
      message: "Rule can't be deleted since it has targets.",
    });

    await bridge.client.send(new RemoveTargetsCommand({ Rule: 'jobs', Ids: ['target'] }));
    await bridge.client.send(new DeleteRuleCommand({ Name: 'jobs' }));

    await expect(bridge.client.send(new DescribeRuleCommand({ Name: 'jobs' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'Rule jobs does not exist on EventBus default.',
    });
  });

  it.each([
    [{ Name: 'x', EventPattern: '{"a":"b"}' }, 'InvalidEventPatternException', /a: must be an object/],
    [{ Name: 'x', ScheduleExpression: 'rate(1 minutes)' }, 'ValidationException', /ScheduleExpression is not valid/],
    [{ Name: 'x' }, 'ValidationException', /EventPattern or ScheduleExpression must be specified/],
    [{ ...RULE, Name: 'a b' }, 'ValidationException', /1-64 letters/],
    [{ ...RULE, EventBusName: 'none' }, 'ResourceNotFoundException', /Event bus none does not exist/],
    [{ ...RULE, Tags: [{ Key: 'a', Value: 'b' }] }, 'ValidationException', /Unrecognized key: "Tags"/],
  ])('%j is refused', async (input, name, message) => {
    await expect(bridge.client.send(new PutRuleCommand(input))).rejects.toMatchObject({
      name,
      message: expect.stringMatching(message),
    });
  });
});

describe('targets', () => {
  it('are refused with all of their mistakes', async () => {
    await bridge.client.send(new PutRuleCommand(RULE));
    const Targets = [
      { Id: 'queue', Arn: 'arn:aws:sqs:eu-central-1:000000000000:q' },
      { Id: 'shape', Arn: FUNCTION_ARN, InputPath: 'detail' },
    ];

    await expect(bridge.client.send(new PutTargetsCommand({ Rule: 'jobs', Targets }))).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringMatching(/^Target queue: .* neither a Lambda function nor .*\nTarget shape: InputPath: /),
    });
  });

  it('are refused beyond five a rule', async () => {
    await bridge.client.send(new PutRuleCommand(RULE));
    const Targets = Array.from({ length: 6 }, (_, index) => ({ Id: `t${index}`, Arn: FUNCTION_ARN }));

    await expect(bridge.client.send(new PutTargetsCommand({ Rule: 'jobs', Targets }))).rejects.toMatchObject({
      name: 'LimitExceededException',
    });
  });
});

describe('an event bus', () => {
  it('is created once, found by name and ARN, listed and deleted without rules only', async () => {
    const { EventBusArn } = await bridge.client.send(new CreateEventBusCommand({ Name: 'runs' }));
    await bridge.client.send(new PutRuleCommand({ ...RULE, EventBusName: EventBusArn }));

    const described = await bridge.client.send(new DescribeEventBusCommand({ Name: EventBusArn }));
    const { EventBuses } = await bridge.client.send(new ListEventBusesCommand({}));
    const again = bridge.client.send(new CreateEventBusCommand({ Name: 'runs' }));

    await expect(again).rejects.toMatchObject({ name: 'ResourceAlreadyExistsException' });
    expect(described).toMatchObject({ Name: 'runs', Arn: EventBusArn, CreationTime: expect.any(Date) });
    expect(EventBuses?.map(({ Name }) => Name)).toEqual(['default', 'runs']);
    await expect(bridge.client.send(new DeleteEventBusCommand({ Name: 'runs' }))).rejects.toThrow(/it has rules/);

    await bridge.client.send(new DeleteRuleCommand({ ...RULE, EventBusName: 'runs' }));
    await bridge.client.send(new DeleteEventBusCommand({ Name: 'runs' }));

    await expect(bridge.client.send(new DescribeEventBusCommand({ Name: 'runs' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  it('named default cannot be deleted', async () => {
    const deletion = bridge.client.send(new DeleteEventBusCommand({ Name: 'default' }));

    await expect(deletion).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('TestEventPattern', () => {
  const event = (detail: object): string =>
    JSON.stringify({
      ...{ id: '1', account: '000000000000', source: 'test', time: '2026-01-01T00:00:00Z' },
      ...{ region: 'eu-central-1', resources: [], 'detail-type': 'Test', detail },
    });

  it.each([
    [{ n: 5 }, true],
    [{ n: 50 }, false],
  ])('says whether %j fits', async (detail, Result) => {
    const EventPattern = '{"source":["test"],"detail":{"n":[{"numeric":[">",0,"<=",10]}]}}';

    const output = await bridge.client.send(new TestEventPatternCommand({ EventPattern, Event: event(detail) }));

    expect(output).toMatchObject({ Result });
  });

  it('refuses an invalid pattern and an event without its envelope', async () => {
    const test = (EventPattern: string, Event: string) =>
      bridge.client.send(new TestEventPatternCommand({ EventPattern, Event }));

    await expect(test('{"a":[]}', event({}))).rejects.toMatchObject({ name: 'InvalidEventPatternException' });
    await expect(test('{"a":["b"]}', '{"source":"test"}')).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('id, account, time, region, resources, detail-type'),
    });
  });
});

describe('an operation that the laptop does not answer', () => {
  it('is refused by its name', async () => {
    const archive = new CreateArchiveCommand({
      ArchiveName: 'a',
      EventSourceArn: 'arn:aws:events:::event-bus/default',
    });

    await expect(bridge.client.send(archive)).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: expect.stringContaining('AWSEvents.CreateArchive'),
    });
  });
});
