import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  DescribeStateMachineCommand,
  DescribeStateMachineForExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  ListStateMachinesCommand,
  ListTagsForResourceCommand,
  RedriveExecutionCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
  StartSyncExecutionCommand,
  StopExecutionCommand,
  TagResourceCommand,
  TestStateCommand,
  UntagResourceCommand,
  UpdateMapRunCommand,
  UpdateStateMachineCommand,
  ValidateStateMachineDefinitionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, describe, expect, it } from 'vitest';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { permissions } from '#local/step-functions/operations/permissions.ts';
import { type AccessRow, expectExactGrants, expectForeign } from '#test/local/iam/access-table.ts';
import { allow, roleFor } from '#test/local/iam/roles.ts';
import { clientOf, machineIam, type OpenStepFunctions, openStepFunctions, ROLE } from './open-step-functions.ts';

const PASS = { Type: 'Pass', End: true };
const one = (state: object, more: object = {}): string =>
  JSON.stringify({ QueryLanguage: 'JSONata', StartAt: 'One', States: { One: state }, ...more });
const HOLD = {
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
  Arguments: { FunctionName: 'hold', Payload: { token: '{% $states.context.Task.Token %}' } },
  End: true,
};
const WAITING = one(HOLD);
const mapOf = (state: object): string =>
  one({
    Type: 'Map',
    Label: 'Each',
    Items: [1],
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: 'Child',
      States: { Child: state },
    },
    End: true,
  });
const MAP = mapOf(PASS);
const MAP_OF_WAITING = mapOf(HOLD);

const STATES = 'arn:aws:states:eu-central-1:000000000000';
const machine = (name: string): string => `${STATES}:stateMachine:${name}`;
const execution = (name: string): string => `${STATES}:execution:${name}`;

const iam = machineIam();
const sfn = await openStepFunctions({ iam });
afterAll(() => sfn[Symbol.asyncDispose]());

const create = (name: string, definition: string, more: object = {}) =>
  sfn.client.send(new CreateStateMachineCommand({ name, definition, roleArn: ROLE, ...more }));
const start = async (machineName: string, name?: string): Promise<string> =>
  (await sfn.client.send(new StartExecutionCommand({ stateMachineArn: machine(machineName), name }))).executionArn!;

let held = Promise.withResolvers<string>();
sfn.lambda.functions.hold = ({ token }: { token: string }) => held.resolve(token);
/** The token of a new execution that waits. */
const newToken = async (): Promise<string> => {
  held = Promise.withResolvers();
  await start('waiting');
  return held.promise;
};

await create('plain', one(PASS), { tags: [{ key: 'team', value: 'ml' }] });
await create('express', one(PASS), { type: 'EXPRESS' });
await create('waiting', WAITING);
await create('map', MAP);
await sfn.closed(await start('plain', 'done'));
await start('waiting', 'stopped');
await sfn.closed(await start('map', 'mapped'));
const { mapRuns } = await sfn.client.send(new ListMapRunsCommand({ executionArn: execution('map:mapped') }));
const mapRunArn = mapRuns![0]!.mapRunArn!;

type Command = Parameters<OpenStepFunctions['client']['send']>[0];

const row = (
  operation: string,
  needs: readonly (readonly [string, string])[],
  command: () => object | Promise<object>,
  more: Partial<AccessRow> = {},
): AccessRow => ({
  operation,
  needs: needs.map(([action, resource]) => [action.includes(':') ? action : `states:${action}`, resource] as const),
  async send(as) {
    const client = clientOf(sfn.url, as);
    try {
      return await client.send((await command()) as Command);
    } finally {
      client.destroy();
    }
  },
  ...more,
});

const plain = { stateMachineArn: machine('plain') };
const done = { executionArn: execution('plain:done') };
const made = { name: 'made', definition: one(PASS), roleArn: ROLE };
const tagged = { resourceArn: machine('plain') };

const ROWS: readonly AccessRow[] = [
  row(
    'CreateStateMachine',
    [
      ['CreateStateMachine', machine('made')],
      ['iam:PassRole', ROLE],
    ],
    () => new CreateStateMachineCommand(made),
  ),
  row(
    'CreateStateMachine',
    [
      ['CreateStateMachine', machine('tagged')],
      ['TagResource', machine('tagged')],
      ['iam:PassRole', ROLE],
    ],
    () => new CreateStateMachineCommand({ ...made, name: 'tagged', tags: [{ key: 'team', value: 'ml' }] }),
  ),
  row(
    'UpdateStateMachine',
    [['UpdateStateMachine', machine('plain')]],
    () => new UpdateStateMachineCommand({ ...plain, definition: one(PASS) }),
  ),
  row(
    'UpdateStateMachine',
    [
      ['UpdateStateMachine', machine('plain')],
      ['iam:PassRole', ROLE],
    ],
    () => new UpdateStateMachineCommand({ ...plain, roleArn: ROLE }),
  ),
  row(
    'DeleteStateMachine',
    [['DeleteStateMachine', machine('gone')]],
    () => new DeleteStateMachineCommand({ stateMachineArn: machine('gone') }),
  ),
  row(
    'DescribeStateMachine',
    [['DescribeStateMachine', machine('plain')]],
    () => new DescribeStateMachineCommand(plain),
  ),
  row(
    'DescribeStateMachineForExecution',
    [['DescribeStateMachineForExecution', execution('plain:done')]],
    () => new DescribeStateMachineForExecutionCommand(done),
  ),
  row('ListStateMachines', [['ListStateMachines', '*']], () => new ListStateMachinesCommand({})),
  row(
    'ValidateStateMachineDefinition',
    [['ValidateStateMachineDefinition', '*']],
    () => new ValidateStateMachineDefinitionCommand({ definition: one(PASS) }),
  ),
  row('StartExecution', [['StartExecution', machine('plain')]], () => new StartExecutionCommand(plain)),
  row(
    'StartExecution',
    [['StartExecution', machine('nowhere')]],
    () => new StartExecutionCommand({ stateMachineArn: machine('nowhere') }),
    { otherwise: 'StateMachineDoesNotExist' },
  ),
  row(
    'StartSyncExecution',
    [['StartSyncExecution', machine('express')]],
    () => new StartSyncExecutionCommand({ stateMachineArn: machine('express') }),
  ),
  row('ListExecutions', [['ListExecutions', machine('plain')]], () => new ListExecutionsCommand(plain)),
  row('ListExecutions', [['ListExecutions', mapRunArn]], () => new ListExecutionsCommand({ mapRunArn })),
  row('DescribeExecution', [['DescribeExecution', execution('plain:done')]], () => new DescribeExecutionCommand(done)),
  row(
    'GetExecutionHistory',
    [['GetExecutionHistory', execution('plain:done')]],
    () => new GetExecutionHistoryCommand(done),
  ),
  row(
    'StopExecution',
    [['StopExecution', execution('waiting:stopped')]],
    () => new StopExecutionCommand({ executionArn: execution('waiting:stopped') }),
  ),
  row('RedriveExecution', [['RedriveExecution', execution('plain:done')]], () => new RedriveExecutionCommand(done), {
    otherwise: 'ExecutionNotRedrivable',
  }),
  row(
    'ListMapRuns',
    [['ListMapRuns', execution('map:mapped')]],
    () => new ListMapRunsCommand({ executionArn: execution('map:mapped') }),
  ),
  row('DescribeMapRun', [['DescribeMapRun', mapRunArn]], () => new DescribeMapRunCommand({ mapRunArn })),
  row('UpdateMapRun', [['UpdateMapRun', mapRunArn]], () => new UpdateMapRunCommand({ mapRunArn, maxConcurrency: 3 })),
  row(
    'SendTaskSuccess',
    [['SendTaskSuccess', machine('waiting')]],
    async () => new SendTaskSuccessCommand({ taskToken: await newToken(), output: '1' }),
  ),
  row(
    'SendTaskFailure',
    [['SendTaskFailure', machine('waiting')]],
    async () => new SendTaskFailureCommand({ taskToken: await newToken(), error: 'Broken' }),
  ),
  row(
    'SendTaskHeartbeat',
    [['SendTaskHeartbeat', machine('waiting')]],
    async () => new SendTaskHeartbeatCommand({ taskToken: await newToken() }),
  ),
  row(
    'TestState',
    [
      ['TestState', '*'],
      ['iam:PassRole', ROLE],
    ],
    () => new TestStateCommand({ definition: JSON.stringify({ QueryLanguage: 'JSONata', ...PASS }), roleArn: ROLE }),
  ),
  row(
    'TagResource',
    [['TagResource', machine('plain')]],
    () => new TagResourceCommand({ ...tagged, tags: [{ key: 'a', value: 'b' }] }),
  ),
  row(
    'UntagResource',
    [['UntagResource', machine('plain')]],
    () => new UntagResourceCommand({ ...tagged, tagKeys: ['a'] }),
  ),
  row('ListTagsForResource', [['ListTagsForResource', machine('plain')]], () => new ListTagsForResourceCommand(tagged)),
];

const inAnotherAccount = (arn: string): string => arn.replace('000000000000', '111111111111');
const elsewhere = { machine: inAnotherAccount(machine('plain')), execution: inAnotherAccount(execution('plain:done')) };
const FOREIGN: readonly AccessRow[] = [
  row(
    'StartExecution',
    [['StartExecution', elsewhere.machine]],
    () => new StartExecutionCommand({ stateMachineArn: elsewhere.machine }),
  ),
  row(
    'GetExecutionHistory',
    [['GetExecutionHistory', elsewhere.execution]],
    () => new GetExecutionHistoryCommand({ executionArn: elsewhere.execution }),
  ),
];

const CALLER = 'arn:aws:iam::000000000000:role/caller';
/** A client of a role with these statements. */
const clientWith = (...statements: readonly Readonly<Record<string, unknown>>[]) => {
  iam.deploy({ roles: [MACHINE_ROLE, roleFor('lambda.amazonaws.com', CALLER, statements)], resourcePolicies: {} });
  return clientOf(sfn.url, iam.sessionKeys(CALLER, 'session'));
};

const MACHINE_ROLE = roleFor('states.amazonaws.com', ROLE);

describe('the operations', () => {
  expectExactGrants(ROWS, () => ({ iam, roles: [MACHINE_ROLE] }));

  expectForeign(FOREIGN, () => ({ iam, roles: [MACHINE_ROLE] }));

  it('are all in this table', () => {
    const asked = permissions({ account: LOCAL_ACCOUNT, machines: undefined!, tokens: undefined! });

    expect([...new Set(ROWS.map(({ operation }) => operation))].sort()).toEqual(Object.keys(asked).sort());
  });
});

it('holds the tags of a machine against a policy’s conditions', async () => {
  const ofTeam = (team: string) => ({
    ...allow('states:StartExecution', machine('*')),
    Condition: { StringEquals: { 'aws:ResourceTag/team': team } },
  });

  await clientWith(ofTeam('ml')).send(new StartExecutionCommand(plain));
  await expect(clientWith(ofTeam('other')).send(new StartExecutionCommand(plain))).rejects.toMatchObject({
    name: 'AccessDeniedException',
  });
});

it('asks for the machine itself where the token is of a child of its Map Run', async () => {
  held = Promise.withResolvers();
  await create('held-map', MAP_OF_WAITING);
  const executionArn = await start('held-map');
  const taskToken = await held.promise;
  const answer = new SendTaskSuccessCommand({ taskToken, output: '"answered"' });

  await expect(clientWith(allow('states:SendTaskSuccess', machine('waiting'))).send(answer)).rejects.toMatchObject({
    message: expect.stringContaining(`on resource: ${machine('held-map')} because`),
  });
  await clientWith(allow('states:SendTaskSuccess', machine('held-map'))).send(answer);

  expect((await sfn.closed(executionArn)).value).toEqual(['answered']);
});

it('tells who holds no token nothing but that it is none', async () => {
  const command = new SendTaskSuccessCommand({ taskToken: 'invented', output: '1' });

  await expect(clientWith(allow('states:SendTaskSuccess', machine('waiting'))).send(command)).rejects.toMatchObject({
    name: 'InvalidToken',
  });
});
