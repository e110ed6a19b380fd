import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  ListExecutionsCommand,
  RedriveExecutionCommand,
  StartExecutionCommand,
  UpdateStateMachineCommand,
} from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Iam } from '#local/iam/iam.ts';
import type { StandIn } from '#local/stand-in.ts';
import { openEventBridge } from '#test/local/eventbridge/open-eventbridge.ts';
import { startGuardedLambda, startGuardedS3 } from '#test/local/iam/guarded-service.ts';
import { allow, roleFor } from '#test/local/iam/roles.ts';
import { testIam } from '#test/local/iam/test-iam.ts';
import { functionArn, type OpenStepFunctions, openStepFunctions, ROLE, typesOf } from './open-step-functions.ts';

const STATES = 'arn:aws:states:eu-central-1:000000000000';
const RULE_ARN = 'arn:aws:events:eu-central-1:000000000000:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule';
const SESSION = /^arn:aws:sts::000000000000:assumed-role\/test\/[A-Za-z]{32}$/;
const denied = (action: string, resource: string): string =>
  `is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;

type Grant = readonly [action: string | readonly string[], resource: string];

const LAMBDA: Grant = ['lambda:InvokeFunction', functionArn('scale')];
const START_CHILD: Grant = ['states:StartExecution', `${STATES}:stateMachine:child`];
const FOLLOW_CHILD: Grant = ['states:DescribeExecution', `${STATES}:execution:child:*`];
const STOP_CHILD: Grant = ['states:StopExecution', `${STATES}:execution:child:*`];
const MANAGED_RULE: Grant = [['events:PutRule', 'events:PutTargets', 'events:DescribeRule'], RULE_ARN];
const START_ITSELF: Grant = ['states:StartExecution', `${STATES}:stateMachine:map`];
const ITS_CHILDREN = `${STATES}:execution:map/*`;
const REDRIVE_CHILDREN: Grant = ['states:RedriveExecution', ITS_CHILDREN];

let iam: Iam;
let lambda: Awaited<ReturnType<typeof startGuardedLambda>>;
let s3: StandIn;
let sfn: OpenStepFunctions;

beforeEach(async () => {
  iam = testIam();
  lambda = await startGuardedLambda(iam);
  s3 = await startGuardedS3(iam, '[1,2]');
  sfn = await openStepFunctions({ iam, lambdaUrl: lambda.url, s3: s3.url });
});
afterEach(async () => {
  await sfn[Symbol.asyncDispose]();
  await lambda.close();
  await s3.close();
});

/** The role of all machines, with these grants and no others. */
const grant = (...grants: readonly Grant[]): void =>
  iam.deploy({
    roles: [
      roleFor(
        'states.amazonaws.com',
        ROLE,
        grants.map(([action, resource]) => allow(action, resource)),
      ),
    ],
    resourcePolicies: {},
  });

const create = (name: string, state: object, more: object = {}) => {
  const definition = JSON.stringify({ QueryLanguage: 'JSONata', StartAt: 'One', States: { One: state } });
  return sfn.client.send(new CreateStateMachineCommand({ name, definition, roleArn: ROLE, ...more }));
};

const run = async (name: string) => {
  const stateMachineArn = `${STATES}:stateMachine:${name}`;
  const { executionArn } = await sfn.client.send(new StartExecutionCommand({ stateMachineArn }));
  return sfn.closed(executionArn!);
};

const PASS = { Type: 'Pass', Output: 'passed', End: true };
const TASK = { Type: 'Task', Resource: functionArn('scale'), End: true };
const NESTED = {
  Type: 'Task',
  Resource: 'arn:aws:states:::states:startExecution.sync:2',
  Arguments: { StateMachineArn: `${STATES}:stateMachine:child` },
  Output: '{% $states.result.Output %}',
  End: true,
};
const MAP = {
  Type: 'Map',
  ItemReader: {
    Resource: 'arn:aws:states:::s3:getObject',
    ReaderConfig: { InputType: 'JSON' },
    Arguments: { Bucket: 'data', Key: 'items.json' },
  },
  ItemProcessor: {
    ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
    StartAt: 'Child',
    States: { Child: PASS },
  },
  Label: 'Each',
  End: true,
};
const READ_ITEMS: Grant = ['s3:GetObject', 'arn:aws:s3:::data/items.json'];

describe('a machine that is made or changed', () => {
  it('needs a role that lets Step Functions take it', async () => {
    iam.deploy({ roles: [roleFor('lambda.amazonaws.com', ROLE)], resourcePolicies: {} });

    await expect(create('plain', PASS)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message:
        'Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.',
    });
  });

  it('needs the ARN of a role', async () => {
    await expect(create('plain', PASS, { roleArn: 'test' })).rejects.toMatchObject({ name: 'InvalidArn' });
  });

  it.each(['events:PutRule', 'events:PutTargets', 'events:DescribeRule'])(
    'needs %s on the rule that follows nested executions',
    async (missing) => {
      const others = (MANAGED_RULE[0] as readonly string[]).filter((action) => action !== missing);
      grant([others, RULE_ARN]);
      const refusal = {
        name: 'AccessDeniedException',
        message: `'${ROLE}' is not authorized to create managed-rule.`,
      };

      await expect(create('parent', NESTED)).rejects.toMatchObject(refusal);
      const { stateMachineArn } = await create('parent', PASS);
      const definition = JSON.stringify({ QueryLanguage: 'JSONata', StartAt: 'One', States: { One: NESTED } });
      await expect(
        sfn.client.send(new UpdateStateMachineCommand({ stateMachineArn, definition })),
      ).rejects.toMatchObject(refusal);
    },
  );

  it('needs the delivery of logs where it logs', async () => {
    const logGroupArn = 'arn:aws:logs:eu-central-1:000000000000:log-group:machines:*';
    const loggingConfiguration = { level: 'ALL', destinations: [{ cloudWatchLogsLogGroup: { logGroupArn } }] };
    grant();

    await expect(create('logged', PASS, { loggingConfiguration })).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: 'The state machine IAM Role is not authorized to access the Log Destination',
    });
    await create('silent', PASS, { loggingConfiguration: { level: 'OFF' } });
    grant(['logs:*', '*']);
    await create('logged', PASS, { loggingConfiguration });
  });
});

describe('a task', () => {
  it('is called as a session of the role of its machine, another one for each execution', async () => {
    grant(LAMBDA);
    await create('machine', TASK);

    await run('machine');
    await run('machine');

    const [first, second] = lambda.invocations.map(({ principal }) => principal);
    expect(first).toMatchObject({ type: 'role', roleArn: ROLE, arn: expect.stringMatching(SESSION) });
    expect(second).toMatchObject({ type: 'role', roleArn: ROLE, arn: expect.stringMatching(SESSION) });
    expect(first).not.toEqual(second);
  });

  it.each([
    ['by its ARN', TASK],
    ['by lambda:invoke', { ...TASK, Resource: 'arn:aws:states:::lambda:invoke', Arguments: { FunctionName: 'scale' } }],
  ])('that may not invoke its function %s fails as Lambda.AWSLambdaException in AWS’s words', async (_, state) => {
    grant(['lambda:InvokeFunction', functionArn('other')]);
    await create('machine', state);

    const { status, error, cause } = await run('machine');

    expect({ status, error }).toEqual({ status: 'FAILED', error: 'Lambda.AWSLambdaException' });
    expect(cause).toMatch(/^User: arn:aws:sts::000000000000:assumed-role\/test\/[A-Za-z]{32} is not/);
    expect(cause).toContain(denied('lambda:InvokeFunction', functionArn('scale')));
    expect(cause).toContain('(Service: Lambda, Status Code: 403, Request ID: ');
    expect(lambda.invocations).toEqual([]);
  });

  it('is denied as Lambda.LambdaException where the SDK integration calls', async () => {
    grant();
    const Resource = 'arn:aws:states:::aws-sdk:lambda:invoke';
    await create('machine', { ...TASK, Resource, Arguments: { FunctionName: 'scale' } });

    expect(await run('machine')).toMatchObject({ status: 'FAILED', error: 'Lambda.LambdaException' });
  });

  it('puts events on the buses that its role may put them on', async () => {
    grant(['events:PutEvents', 'arn:aws:events:eu-central-1:000000000000:event-bus/default']);
    const events = await openEventBridge({ iam, endpoints: () => Promise.reject(new Error('No rule has a target.')) });
    const machines = await openStepFunctions({ iam, eventbridge: events.events.url });
    const Resource = 'arn:aws:states:::events:putEvents';
    const put = (EventBusName: string) =>
      machines.run({
        StartAt: 'Put',
        States: {
          Put: {
            Type: 'Task',
            Resource,
            Arguments: { Entries: [{ Source: 'test', DetailType: 'Test', Detail: {}, EventBusName }] },
            End: true,
          },
        },
      });

    const allowed = await put('default');
    const refused = await put('own');
    await machines[Symbol.asyncDispose]();
    await events.close();

    expect(allowed).toMatchObject({ status: 'SUCCEEDED', value: { FailedEntryCount: 0 } });
    expect(refused.error).toBe('EventBridge.AmazonEventBridgeException');
    expect(refused.cause).toContain(
      denied('events:PutEvents', 'arn:aws:events:eu-central-1:000000000000:event-bus/own'),
    );
  });

  it('fails once its role no longer lets Step Functions take it', async () => {
    grant(LAMBDA);
    await create('machine', TASK);
    iam.deploy({
      roles: [roleFor('lambda.amazonaws.com', ROLE, [allow('lambda:InvokeFunction')])],
      resourcePolicies: {},
    });

    const { error, cause } = await run('machine');

    expect(error).toBe('Lambda.AWSLambdaException');
    expect(cause).toContain('sts:AssumeRole');
    expect(lambda.invocations).toEqual([]);
  });
});

describe('a nested execution', () => {
  it('is started, followed and read by the rights of the machine’s role', async () => {
    grant(MANAGED_RULE, START_CHILD, FOLLOW_CHILD);
    await create('child', PASS);
    await create('parent', NESTED);

    expect(await run('parent')).toMatchObject({ status: 'SUCCEEDED', value: 'passed' });
  });

  it.each([
    ['start', [FOLLOW_CHILD], 'states:StartExecution', `${STATES}:stateMachine:child`],
    ['describe', [START_CHILD], 'states:DescribeExecution', `${STATES}:execution:child:`],
  ] as const)('fails at once when the role may not %s it', async (_, grants, action, resource) => {
    grant(MANAGED_RULE, ...grants);
    await create('child', { Type: 'Wait', Seconds: 60, End: true });
    await create('parent', NESTED);

    const { error, cause } = await run('parent');

    expect(error).toBe('StepFunctions.AWSStepFunctionsException');
    expect(cause).toContain(`is not authorized to perform: ${action} on resource: ${resource}`);
    expect(cause).toContain('(Service: AWSStepFunctions; Status Code: 400; Error Code: AccessDeniedException)');
  });

  it.each([
    ['ends with the execution that waits for it', [STOP_CHILD], 'ABORTED'],
    ['goes on where the role may not stop it', [], 'RUNNING'],
  ] as const)('%s', async (_, grants, expected) => {
    grant(MANAGED_RULE, START_CHILD, FOLLOW_CHILD, ...grants);
    await create('child', { Type: 'Wait', Seconds: 60, End: true });
    await create('parent', { ...NESTED, TimeoutSeconds: 1 });

    expect(await run('parent')).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });

    const { executions } = await sfn.client.send(
      new ListExecutionsCommand({ stateMachineArn: `${STATES}:stateMachine:child` }),
    );
    await expect.poll(() => statusOf(executions![0]!.executionArn!)).toBe(expected);
  });
});

describe('a Distributed Map', () => {
  const ALL: readonly Grant[] = [
    START_ITSELF,
    [['states:DescribeExecution', 'states:StopExecution'], ITS_CHILDREN],
    READ_ITEMS,
  ];

  it('reads its items and runs its children by the rights of its machine’s role', async () => {
    grant(...ALL);
    await create('map', MAP);

    expect(await run('map')).toMatchObject({ status: 'SUCCEEDED', value: ['passed', 'passed'] });
  });

  it.each([
    ['states:StartExecution', `${STATES}:stateMachine:map `],
    ['states:DescribeExecution', `${STATES}:execution:map/Each:`],
    ['states:StopExecution', `${STATES}:execution:map/Each:`],
  ])('fails without %s', async (missing, resource) => {
    const rest = ALL.flatMap(([actions, on]) => [actions].flat().map((action) => [action, on] as const));
    grant(...rest.filter(([action]) => action !== missing));
    await create('map', MAP);

    const { error, cause, executionArn } = await run('map');

    expect(error).toBe('StepFunctions.AWSStepFunctionsException');
    expect(cause).toContain(`is not authorized to perform: ${missing} on resource: ${resource}`);
    expect(typesOf(await sfn.history(executionArn!))).toContain('MapRunFailed');
  });

  it.each([
    ['goes on with its children where the role may redrive them', [REDRIVE_CHILDREN], 'SUCCEEDED'],
    ['is not redriven where the role may not redrive its children', [], 'FAILED'],
  ] as const)('%s', async (_, grants, status) => {
    grant(...ALL);
    await create('map', {
      ...MAP,
      ItemProcessor: { ...MAP.ItemProcessor, States: { Child: { ...TASK, Output: 'called' } } },
    });
    const { executionArn } = await run('map');
    grant(...ALL, LAMBDA, ...grants);

    await sfn.client.send(new RedriveExecutionCommand({ executionArn: executionArn! }));

    const redriven = await sfn.closed(executionArn!);
    expect(redriven).toMatchObject({ status });
    if (status === 'FAILED') expect(redriven.cause).toContain('is not authorized to perform: states:RedriveExecution');
  });

  it('fails as States.ItemReaderFailed where the role may not read its items', async () => {
    grant(...ALL.slice(0, -1), ['s3:GetObject', 'arn:aws:s3:::data/other.json']);
    await create('map', MAP);

    const { error, cause } = await run('map');

    expect(error).toBe('States.ItemReaderFailed');
    expect(cause).toContain('is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::data/items.json"');
  });
});

const statusOf = async (executionArn: string): Promise<string> =>
  (await sfn.client.send(new DescribeExecutionCommand({ executionArn }))).status!;
