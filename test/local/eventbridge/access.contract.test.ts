import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateEventBusCommand,
  DeleteEventBusCommand,
  DeleteRuleCommand,
  DescribeEventBusCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  ListEventBusesCommand,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  TestEventPatternCommand,
} from '@aws-sdk/client-eventbridge';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { permissions } from '#local/eventbridge/permissions.ts';
import type { DeployedPolicies, Iam } from '#local/iam/iam.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { type AccessRow, expectExactGrants, expectForeign } from '#test/local/iam/access-table.ts';
import { startGuardedLambda } from '#test/local/iam/guarded-service.ts';
import { allow, roleFor } from '#test/local/iam/roles.ts';
import { testIam } from '#test/local/iam/test-iam.ts';
import {
  entry,
  FUNCTION_ARN,
  type OpenEventBridge,
  openEventBridge,
  RULE_ROLE_ARN,
  STATE_MACHINE_ARN,
  startTargets,
  type Targets,
} from './open-eventbridge.ts';

const EVENTS = 'arn:aws:events:eu-central-1:000000000000';
const QUEUE_ARN = 'arn:aws:sqs:eu-central-1:000000000000:dead-letters';
const EVERY_TEST_EVENT = { Name: 'tests', EventPattern: '{"source":["test"]}' };

let iam: Iam;
let lambda: Awaited<ReturnType<typeof startGuardedLambda>>;
let targets: Targets;
let bridge: OpenEventBridge;

beforeEach(async () => {
  iam = testIam();
  iam.deploy({ roles: [RULE_ROLE], resourcePolicies: {} });
  lambda = await startGuardedLambda(iam);
  targets = await startTargets(iam);
  bridge = await openEventBridge({
    iam,
    endpoints: () => ({ lambda: lambda.url, stepFunctions: targets.endpoints().stepFunctions }),
  });
  await bridge.client.send(new CreateEventBusCommand({ Name: 'own' }));
  await bridge.rule(EVERY_TEST_EVENT);
  await bridge.client.send(new PutRuleCommand({ ...EVERY_TEST_EVENT, EventBusName: 'own' }));
});
afterEach(async () => {
  await bridge.close();
  await targets.close();
  await lambda.close();
});

const RULE_ROLE = roleFor('events.amazonaws.com', RULE_ROLE_ARN, [allow('states:StartExecution', STATE_MACHINE_ARN)]);

type Command = Parameters<EventBridgeClient['send']>[0];

const row = (
  needs: readonly (readonly [string, string])[],
  command: object,
  more: Partial<AccessRow> = {},
): AccessRow => ({
  operation: command.constructor.name.replace(/Command$/, ''),
  needs: needs.map(([action, resource]) => [action.includes(':') ? action : `events:${action}`, resource] as const),
  async send(as) {
    const client = new EventBridgeClient({ endpoint: bridge.events.url, region: 'eu-central-1', credentials: as });
    try {
      return await client.send(command as Command);
    } finally {
      client.destroy();
    }
  },
  ...more,
});

const DEFAULT_BUS = `${EVENTS}:event-bus/default`;
const OWN_BUS = `${EVENTS}:event-bus/own`;
const FOREIGN_BUS = OWN_BUS.replace('000000000000', '111111111111');
const RULE = `${EVENTS}:rule/tests`;
const OWN_RULE = `${EVENTS}:rule/own/tests`;
const onRule = { Name: 'tests' };
const target = { Id: 'target', Arn: FUNCTION_ARN };
const machineTarget = { Id: 'machine', Arn: STATE_MACHINE_ARN, RoleArn: RULE_ROLE_ARN };
const event = JSON.stringify({
  id: '1',
  account: '1',
  source: 'test',
  time: '',
  region: '',
  resources: [],
  'detail-type': '',
});

const ROWS: readonly AccessRow[] = [
  row([['PutEvents', DEFAULT_BUS]], new PutEventsCommand({ Entries: [entry({})] })),
  row([['PutEvents', OWN_BUS]], new PutEventsCommand({ Entries: [entry({}, { EventBusName: OWN_BUS })] })),
  row(
    [
      ['PutEvents', OWN_BUS],
      ['PutEvents', DEFAULT_BUS],
    ],
    new PutEventsCommand({ Entries: [entry({}, { EventBusName: 'own' }), entry({})] }),
  ),
  row(
    [['TestEventPattern', '*']],
    new TestEventPatternCommand({ EventPattern: EVERY_TEST_EVENT.EventPattern, Event: event }),
  ),
  row([['CreateEventBus', `${EVENTS}:event-bus/new`]], new CreateEventBusCommand({ Name: 'new' })),
  row([['DescribeEventBus', OWN_BUS]], new DescribeEventBusCommand({ Name: 'own' })),
  row([['DeleteEventBus', OWN_BUS]], new DeleteEventBusCommand({ Name: 'own' }), { otherwise: 'ValidationException' }),
  row([['ListEventBuses', '*']], new ListEventBusesCommand({})),
  row([['PutRule', RULE]], new PutRuleCommand(EVERY_TEST_EVENT)),
  row([['PutRule', OWN_RULE]], new PutRuleCommand({ ...EVERY_TEST_EVENT, EventBusName: OWN_BUS })),
  row(
    [
      ['PutRule', RULE],
      ['iam:PassRole', RULE_ROLE_ARN],
    ],
    new PutRuleCommand({ ...EVERY_TEST_EVENT, RoleArn: RULE_ROLE_ARN }),
  ),
  row([['DescribeRule', RULE]], new DescribeRuleCommand(onRule)),
  row([['EnableRule', OWN_RULE]], new EnableRuleCommand({ ...onRule, EventBusName: 'own' })),
  row([['DisableRule', RULE]], new DisableRuleCommand(onRule)),
  row([['DeleteRule', OWN_RULE]], new DeleteRuleCommand({ ...onRule, EventBusName: 'own' })),
  row([['ListRules', '*']], new ListRulesCommand({})),
  row([['PutTargets', RULE]], new PutTargetsCommand({ Rule: 'tests', Targets: [target] })),
  row(
    [
      ['PutTargets', RULE],
      ['iam:PassRole', RULE_ROLE_ARN],
    ],
    new PutTargetsCommand({ Rule: 'tests', Targets: [target, machineTarget] }),
  ),
  row([['RemoveTargets', RULE]], new RemoveTargetsCommand({ Rule: 'tests', Ids: ['target'] })),
  row([['ListTargetsByRule', RULE]], new ListTargetsByRuleCommand({ Rule: 'tests' })),
];

const FOREIGN_RULE = OWN_RULE.replace('000000000000', '111111111111');
const FOREIGN: readonly AccessRow[] = [
  row([['PutEvents', FOREIGN_BUS]], new PutEventsCommand({ Entries: [entry({}, { EventBusName: FOREIGN_BUS })] })),
  row([['DescribeRule', FOREIGN_RULE]], new DescribeRuleCommand({ ...onRule, EventBusName: FOREIGN_BUS })),
];

describe('the operations', () => {
  expectExactGrants(ROWS, () => ({ iam, roles: [RULE_ROLE] }));

  expectForeign(FOREIGN, () => ({ iam }));

  it('are all in this table', () => {
    expect([...new Set(ROWS.map(({ operation }) => operation))].sort()).toEqual(
      Object.keys(permissions(LOCAL_ACCOUNT)).sort(),
    );
  });

  it('hold an event’s source and detail type against a policy’s conditions', async () => {
    const role = 'arn:aws:iam::000000000000:role/teller';
    const only = { 'events:source': 'test', 'events:detail-type': 'Test' };
    const Condition = { 'ForAllValues:StringEquals': only };
    const statement = { ...allow('events:PutEvents', DEFAULT_BUS), Condition };
    iam.deploy({ roles: [roleFor('lambda.amazonaws.com', role, [statement])], resourcePolicies: {} });
    const put = (fields: object) =>
      row([], new PutEventsCommand({ Entries: [entry({}, fields)] })).send(iam.sessionKeys(role, 'session'));

    await put({});
    await expect(put({ Source: 'other' })).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await expect(put({ DetailType: 'Other' })).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

describe('a target', () => {
  const policies = (statements: Readonly<Record<string, readonly object[]>>): DeployedPolicies['resourcePolicies'] =>
    Object.fromEntries(
      Object.entries(statements).map(([arn, Statement]) => [
        arn,
        { Version: '2012-10-17', Statement: Statement as Readonly<Record<string, unknown>>[] },
      ]),
    );
  const byRules = (action: string, resource: string, sourceArn: string) => ({
    ...allow(action, resource),
    Principal: { Service: 'events.amazonaws.com' },
    Condition: { ArnLike: { 'aws:SourceArn': sourceArn } },
  });
  const invokedBy = (sourceArn: string) => byRules('lambda:InvokeFunction', FUNCTION_ARN, sourceArn);
  const sentBy = (sourceArn: string) => byRules('sqs:SendMessage', QUEUE_ARN, sourceArn);
  const lines = async (file: string): Promise<Record<string, unknown>[]> =>
    (await readFile(join(bridge.dataDir, file), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  const tell = async (): Promise<void> => {
    await bridge.putEvents(entry({ n: 1 }));
    await bridge.events.idle();
  };
  const setTarget = (fields: object) => bridge.rule(EVERY_TEST_EVENT, { Id: 'target', ...fields });

  it('that is a function is invoked by the rule, which the function’s policy lets in', async () => {
    iam.deploy({ roles: [], resourcePolicies: policies({ [FUNCTION_ARN]: [invokedBy(RULE)] }) });

    await tell();

    expect(lambda.invocations).toMatchObject([
      { principal: { type: 'service', service: 'events.amazonaws.com', sourceArn: RULE }, event: { detail: { n: 1 } } },
    ]);
  });

  it('that is a function without a policy for the rule gets nothing, and the queue the event', async () => {
    const ownRules = invokedBy(`${EVENTS}:rule/own/*`);
    iam.deploy({
      roles: [],
      resourcePolicies: policies({ [FUNCTION_ARN]: [ownRules], [QUEUE_ARN]: [sentBy(`${EVENTS}:rule/t*`)] }),
    });
    await setTarget({ DeadLetterConfig: { Arn: QUEUE_ARN } });

    await tell();

    expect(lambda.invocations).toEqual([]);
    const refused = {
      RULE_ARN: RULE,
      TARGET_ARN: FUNCTION_ARN,
      ERROR_CODE: 'AccessDeniedException',
      EXHAUSTED_RETRY_CONDITION: 'NotRetryable',
      RETRY_ATTEMPTS: 0,
    };
    expect(await lines('queues/dead-letters.jsonl')).toMatchObject([refused]);
    expect(await lines('dead-letters.jsonl')).toMatchObject([{ ...refused, deadLetterArn: QUEUE_ARN }]);
  });

  it.each([
    ['whose queue lets other rules in only', { DeadLetterConfig: { Arn: QUEUE_ARN } }, /sqs:SendMessage.*dead-letters/],
    ['without a queue', {}, /names no dead-letter queue/],
  ])('%s loses its event, and says so', async (_, fields, reason) => {
    iam.deploy({ roles: [], resourcePolicies: policies({ [QUEUE_ARN]: [sentBy(OWN_RULE)] }) });
    await setTarget(fields);

    await tell();

    expect(await lines('dead-letters.jsonl')).toMatchObject([{ lostBecause: expect.stringMatching(reason) }]);
    expect(await readdir(bridge.dataDir)).not.toContain('queues');
  });

  it('that is a machine is started as its role', async () => {
    await setTarget(machineTarget);

    await tell();

    expect(targets.executions).toMatchObject([{ stateMachineArn: STATE_MACHINE_ARN }]);
  });

  it.each([
    ['the role may not start it', roleFor('events.amazonaws.com', RULE_ROLE_ARN, [allow('states:StopExecution')])],
    ['the role no longer trusts rules', roleFor('lambda.amazonaws.com', RULE_ROLE_ARN)],
  ])('that is a machine is not started when %s', async (_, role) => {
    await setTarget(machineTarget);
    iam.deploy({ roles: [role], resourcePolicies: {} });

    await tell();

    expect(targets.executions).toEqual([]);
    expect(await lines('dead-letters.jsonl')).toContainEqual(
      expect.objectContaining({ TARGET_ARN: STATE_MACHINE_ARN, EXHAUSTED_RETRY_CONDITION: 'NotRetryable' }),
    );
  });

  it.each([
    ['that rules can’t take', machineTarget, /cannot be assumed by principal 'events.amazonaws.com'/],
    ['at all', { ...machineTarget, RoleArn: undefined }, /RoleArn is required/],
  ])('that is a machine is refused without a role %s', async (_, fields, reason) => {
    iam.deploy({ roles: [roleFor('lambda.amazonaws.com', RULE_ROLE_ARN)], resourcePolicies: {} });

    await expect(setTarget(fields)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringMatching(reason),
    });
  });
});
