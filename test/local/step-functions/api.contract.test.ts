import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateActivityCommand,
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  DescribeStateMachineCommand,
  DescribeStateMachineForExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  ListTagsForResourceCommand,
  PublishStateMachineVersionCommand,
  paginateListExecutions,
  StartExecutionCommand,
  StartSyncExecutionCommand,
  StopExecutionCommand,
  TagResourceCommand,
  TestStateCommand,
  UntagResourceCommand,
  UpdateStateMachineCommand,
  ValidateStateMachineDefinitionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal } from '#test/local/s3/open-s3.ts';
import { namedError } from '#test/local/step-functions/fake-lambda.ts';
import {
  functionArn,
  type OpenStepFunctions,
  openStepFunctions,
  ROLE,
  typesOf,
} from '#test/local/step-functions/open-step-functions.ts';

let sfn: OpenStepFunctions;
let passMachine: string;
let waitMachine: string;

beforeAll(async () => {
  sfn = await openStepFunctions();
  passMachine = await sfn.create(PASS, { name: 'pass' });
  waitMachine = await sfn.create(WAIT, { name: 'wait' });
});

afterAll(() => sfn[Symbol.asyncDispose]());

const PASS = { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } };
const WAIT = { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 60, End: true } } };
const jsonata = (definition: object): string => JSON.stringify({ QueryLanguage: 'JSONata', ...definition });

const start = async (stateMachineArn: string, name?: string, input = '{}') =>
  (await sfn.client.send(new StartExecutionCommand({ stateMachineArn, name, input }))).executionArn!;

describe('state machines', () => {
  it('are created once, whatever role and tags come the second time', async () => {
    const again = { name: 'pass', definition: jsonata(PASS), roleArn: 'arn:aws:iam::000000000000:role/other' };

    const { stateMachineArn } = await sfn.client.send(new CreateStateMachineCommand(again));
    const other = refusal(sfn.client.send(new CreateStateMachineCommand({ ...again, definition: jsonata(WAIT) })));

    expect(stateMachineArn).toBe(passMachine);
    expect(await other).toMatchObject({ name: 'StateMachineAlreadyExists' });
  });

  it('are refused with all of their faults, a wrong name, or a version', async () => {
    const create = (more: object) =>
      sfn.client.send(new CreateStateMachineCommand({ name: 'x', definition: jsonata(PASS), roleArn: ROLE, ...more }));

    const faulty = refusal(
      create({
        definition: jsonata({ StartAt: 'A', States: { A: { Type: 'Pass', Next: 'B', Resultt: 1 } } }),
      }),
    );
    const badName = refusal(create({ name: 'a b' }));
    const version = refusal(create({ publish: true }));

    expect(await faulty).toMatchObject({
      name: 'InvalidDefinition',
      message: expect.stringContaining('/States/A/Resultt'),
    });
    expect(await badName).toMatchObject({ name: 'InvalidName' });
    expect(await version).toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('versions'),
    });
  });

  it('in JSONPath are refused with the remedy', async () => {
    const definition = JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Pass', End: true } } });

    const created = refusal(
      sfn.client.send(new CreateStateMachineCommand({ name: 'jsonpath', definition, roleArn: ROLE })),
    );

    expect(await created).toMatchObject({
      name: 'InvalidDefinition',
      message: expect.stringMatching(/'jsonpath'.*no QueryLanguage.*"QueryLanguage": "JSONata"/),
    });
  });

  it('can be changed, while what runs keeps the definition it started with', async () => {
    const stateMachineArn = await sfn.create(WAIT, { name: 'changing' });
    const executionArn = await start(stateMachineArn);
    await sfn.client.send(new UpdateStateMachineCommand({ stateMachineArn, definition: jsonata(PASS) }));

    const now = await sfn.client.send(new DescribeStateMachineCommand({ stateMachineArn }));
    const then = await sfn.client.send(new DescribeStateMachineForExecutionCommand({ executionArn }));
    const nothing = refusal(sfn.client.send(new UpdateStateMachineCommand({ stateMachineArn })));

    expect(now).toMatchObject({ definition: jsonata(PASS), status: 'ACTIVE', type: 'STANDARD', roleArn: ROLE });
    expect(then).toMatchObject({ definition: jsonata(WAIT), name: 'changing' });
    expect(await nothing).toMatchObject({ name: 'MissingRequiredParameter' });
  });

  it('are listed page by page and deleted', async () => {
    const stateMachineArn = await sfn.create(PASS, { name: 'short-lived' });
    const first = await sfn.client.send(new ListStateMachinesCommand({ maxResults: 1 }));
    const second = await sfn.client.send(new ListStateMachinesCommand({ nextToken: first.nextToken }));
    await sfn.client.send(new DeleteStateMachineCommand({ stateMachineArn }));

    const described = refusal(sfn.client.send(new DescribeStateMachineCommand({ stateMachineArn })));

    expect(first.stateMachines).toHaveLength(1);
    expect(second.stateMachines!.map(({ name }) => name)).toContain('short-lived');
    expect(await described).toMatchObject({ name: 'StateMachineDoesNotExist' });
  });

  it('are judged without being created', async () => {
    const validate = (definition: string) => sfn.client.send(new ValidateStateMachineDefinitionCommand({ definition }));

    const good = await validate(jsonata(PASS));
    const bad = await validate(jsonata({ StartAt: 'Nobody', States: PASS.States }));

    expect(good).toMatchObject({ result: 'OK', diagnostics: [] });
    expect(bad).toMatchObject({
      result: 'FAIL',
      diagnostics: [
        { severity: 'ERROR', code: 'MISSING_TRANSITION_TARGET', location: '/StartAt' },
        { severity: 'ERROR', code: 'MISSING_TRANSITION_TARGET', location: '/States/P' },
      ],
    });
  });

  it('carry tags', async () => {
    const resourceArn = passMachine;
    const tags = [
      { key: 'team', value: 'ml' },
      { key: 'env', value: 'laptop' },
    ];
    await sfn.client.send(new TagResourceCommand({ resourceArn, tags }));
    await sfn.client.send(new UntagResourceCommand({ resourceArn, tagKeys: ['env'] }));

    const listed = await sfn.client.send(new ListTagsForResourceCommand({ resourceArn }));

    expect(listed.tags).toEqual([{ key: 'team', value: 'ml' }]);
  });
});

describe('starting', () => {
  it('gives the running execution back for the same name and input, and refuses anything else', async () => {
    const executionArn = await start(waitMachine, 'same', '{"a":1}');

    const again = await start(waitMachine, 'same', '{"a":1}');
    const otherInput = refusal(start(waitMachine, 'same', '{"a":2}'));
    await sfn.client.send(new StopExecutionCommand({ executionArn }));
    const closed = refusal(start(waitMachine, 'same', '{"a":1}'));

    expect(again).toBe(executionArn);
    expect(await otherInput).toMatchObject({ name: 'ExecutionAlreadyExists' });
    expect(await closed).toMatchObject({ name: 'ExecutionAlreadyExists' });
  });

  it('give their name back when the disk does not take them', async () => {
    const folder = join(sfn.dataDir, 'executions');
    await rename(folder, `${folder}-away`);

    const refused = await refusal(start(passMachine, 'too-early'));
    await rename(`${folder}-away`, folder);
    const started = await sfn.closed(await start(passMachine, 'too-early'));

    expect(refused).toMatchObject({ name: 'InternalFailure', message: expect.stringMatching(/^Error: ENOENT/) });
    expect(started.status).toBe('SUCCEEDED');
  });

  it.each([
    ['input that is no JSON', { input: '{' }, 'InvalidExecutionInput'],
    ['input of more than 256 KiB', { input: JSON.stringify('x'.repeat(262_143)) }, 'ValidationException'],
    ['a name with a slash', { name: 'a/b' }, 'InvalidName'],
    [
      'an unknown machine',
      { stateMachineArn: 'arn:aws:states:eu-central-1:000000000000:stateMachine:none' },
      'StateMachineDoesNotExist',
    ],
    [
      'a version',
      { stateMachineArn: 'arn:aws:states:eu-central-1:000000000000:stateMachine:pass:1' },
      'StateMachineDoesNotExist',
    ],
    [
      "a Map Run's machine",
      { stateMachineArn: 'arn:aws:states:eu-central-1:000000000000:stateMachine:pass/each' },
      'ValidationException',
    ],
    ['no ARN', { stateMachineArn: 'pass' }, 'InvalidArn'],
  ])('refuses %s', async (_what, more, name) => {
    const started = refusal(sfn.client.send(new StartExecutionCommand({ stateMachineArn: passMachine, ...more })));

    expect(await started).toMatchObject({ name });
  });

  it('answers the outcome of an EXPRESS machine at once, also a failure', async () => {
    const stateMachineArn = await sfn.create(
      {
        StartAt: 'C',
        States: {
          C: { Type: 'Choice', Choices: [{ Condition: '{% $states.input.ok %}', Next: 'S' }], Default: 'F' },
          S: { Type: 'Succeed' },
          F: { Type: 'Fail', Error: 'No' },
        },
      },
      { name: 'express', type: 'EXPRESS' },
    );
    const sync = (machine: string, input: object) =>
      sfn.client.send(new StartSyncExecutionCommand({ stateMachineArn: machine, input: JSON.stringify(input) }));

    const good = await sync(stateMachineArn, { ok: true });
    const bad = await sync(stateMachineArn, { ok: false });
    const standard = refusal(sync(passMachine, {}));

    expect(good).toMatchObject({
      status: 'SUCCEEDED',
      output: '{"ok":true}',
      billingDetails: { billedMemoryUsedInMB: 64 },
    });
    expect(good.executionArn).toContain(':express:express:');
    expect(bad).toMatchObject({ status: 'FAILED', error: 'No' });
    expect(await standard).toMatchObject({ name: 'StateMachineTypeNotSupported' });
  });
});

describe('following', () => {
  it('stops an execution with the error and cause of the request', async () => {
    const executionArn = await start(waitMachine);
    await sfn.client.send(new StopExecutionCommand({ executionArn, error: 'Enough', cause: 'too slow' }));

    const described = await sfn.closed(executionArn);

    expect(described).toMatchObject({
      status: 'ABORTED',
      error: 'Enough',
      cause: 'too slow',
      redriveStatus: 'REDRIVABLE',
    });
    expect(typesOf(await sfn.history(executionArn))).toEqual([
      'ExecutionStarted',
      'WaitStateEntered',
      'WaitStateAborted',
      'ExecutionAborted',
    ]);
  });

  it('lists executions of one status, newest first, page by page', async () => {
    const stateMachineArn = await sfn.create(PASS, { name: 'listed' });
    const arns: string[] = [];
    for (const name of ['a', 'b', 'c']) arns.unshift(await start(stateMachineArn, name));
    await Promise.all(arns.map((executionArn) => sfn.closed(executionArn)));

    const pages: string[][] = [];
    for await (const { executions } of paginateListExecutions(
      { client: sfn.client, pageSize: 2 },
      { stateMachineArn, statusFilter: 'SUCCEEDED' },
    )) {
      pages.push(executions!.map(({ executionArn }) => executionArn!));
    }

    expect(pages).toEqual([arns.slice(0, 2), arns.slice(2)]);
    const { executions } = await sfn.client.send(
      new ListExecutionsCommand({ stateMachineArn, statusFilter: 'FAILED' }),
    );
    expect(executions).toEqual([]);
  });

  it('refuses to list without a machine, with a token of its own, or what is not there', async () => {
    const nothing = refusal(sfn.client.send(new ListExecutionsCommand({})));
    const token = refusal(
      sfn.client.send(new ListExecutionsCommand({ stateMachineArn: passMachine, nextToken: 'bad' })),
    );
    const execution = refusal(
      sfn.client.send(
        new DescribeExecutionCommand({ executionArn: 'arn:aws:states:eu-central-1:000000000000:execution:pass:none' }),
      ),
    );
    const mapRun = refusal(
      sfn.client.send(
        new DescribeMapRunCommand({ mapRunArn: 'arn:aws:states:eu-central-1:000000000000:mapRun:pass/each:none' }),
      ),
    );

    expect(await nothing).toMatchObject({ name: 'ValidationException' });
    expect(await token).toMatchObject({ name: 'InvalidToken' });
    expect(await execution).toMatchObject({ name: 'ExecutionDoesNotExist' });
    expect(await mapRun).toMatchObject({ name: 'ResourceNotFound' });
  });

  it('refuses operations that it does not have by their names', async () => {
    const activity = refusal(sfn.client.send(new CreateActivityCommand({ name: 'a' })));
    const version = refusal(sfn.client.send(new PublishStateMachineVersionCommand({ stateMachineArn: passMachine })));

    expect(await activity).toMatchObject({
      name: 'UnknownOperationException',
      message: expect.stringContaining('AWSStepFunctions.CreateActivity'),
    });
    expect(await version).toMatchObject({ name: 'UnknownOperationException' });
  });
});

describe('history', () => {
  it('is read in pages, from either end, with or without data', async () => {
    const executionArn = await start(passMachine, undefined, '{"secret":1}');
    await sfn.closed(executionArn);
    const read = (more: object) => sfn.client.send(new GetExecutionHistoryCommand({ executionArn, ...more }));

    const first = await read({ maxResults: 3 });
    const rest = await read({ maxResults: 3, nextToken: first.nextToken });
    const backwards = await read({ reverseOrder: true, maxResults: 3 });
    const backwardsRest = await read({ reverseOrder: true, maxResults: 3, nextToken: backwards.nextToken });
    const bare = await read({ includeExecutionData: false });

    expect(typesOf([...first.events!, ...rest.events!])).toEqual([
      'ExecutionStarted',
      'PassStateEntered',
      'PassStateExited',
      'ExecutionSucceeded',
    ]);
    expect(rest.nextToken).toBeUndefined();
    expect(backwards.events!.map(({ id }) => id)).toEqual([4, 3, 2]);
    expect(backwardsRest.events!.map(({ id }) => id)).toEqual([1]);
    expect(JSON.stringify(first.events)).toContain('secret');
    expect(JSON.stringify(bare.events)).not.toContain('secret');
    expect(bare.events![1]!.stateEnteredEventDetails).toEqual({ name: 'P' });
  });

  it('follows every branch by the id of the event before', async () => {
    const branch = (name: string) => ({ StartAt: name, States: { [name]: { Type: 'Pass', End: true } } });
    const executionArn = await sfn.start({
      StartAt: 'Both',
      States: { Both: { Type: 'Parallel', Branches: [branch('A'), branch('B')], End: true } },
    });
    await sfn.closed(executionArn);

    const events = await sfn.history(executionArn);

    const previous = (type: string) =>
      events
        .filter((event) => event.type === type)
        .map(({ previousEventId }) => events.find(({ id }) => id === previousEventId)?.type);
    expect(events.slice(0, 2).map(({ previousEventId }) => previousEventId)).toEqual([0, 0]);
    expect(previous('PassStateEntered')).toEqual(['ParallelStateStarted', 'ParallelStateStarted']);
    expect(previous('PassStateExited')).toEqual(['PassStateEntered', 'PassStateEntered']);
    expect(previous('ParallelStateSucceeded')).toEqual(['PassStateExited']);
  });

  it('tells the resource, the parameters and the time limits of a task, and the variables of a state', async () => {
    sfn.lambda.functions.echo = (event: unknown) => event;
    const executionArn = await sfn.start({
      StartAt: 'T',
      States: {
        T: {
          Type: 'Task',
          Resource: 'arn:aws:states:::lambda:invoke',
          Arguments: { FunctionName: 'echo', Payload: 1 },
          TimeoutSeconds: 9,
          Assign: { x: '{% $states.result.Payload %}' },
          End: true,
        },
      },
    });
    await sfn.closed(executionArn);

    const events = await sfn.history(executionArn);

    expect(events.find(({ type }) => type === 'TaskScheduled')?.taskScheduledEventDetails).toEqual({
      resourceType: 'lambda',
      resource: 'invoke',
      region: 'eu-central-1',
      parameters: '{"FunctionName":"echo","Payload":1}',
      timeoutInSeconds: 9,
    });
    expect(events.find(({ type }) => type === 'TaskStateExited')?.stateExitedEventDetails).toMatchObject({
      assignedVariables: { x: '1' },
    });
  });
});

describe('TestState', () => {
  const test = (definition: object, more: object = {}) =>
    sfn.client.send(new TestStateCommand({ definition: jsonata(definition), ...more }));

  it('runs one state with input, variables and context', async () => {
    const tested = await test(
      {
        Type: 'Pass',
        Output: { sum: '{% $states.input.a + $b %}', name: '{% $states.context.Execution.Name %}' },
        Next: 'Elsewhere',
      },
      { input: '{"a":1}', variables: '{"b":2}', context: '{"Execution":{"Name":"run"}}' },
    );

    expect(tested).toMatchObject({ status: 'SUCCEEDED', output: '{"sum":3,"name":"run"}', nextState: 'Elsewhere' });
  });

  it('calls, or takes a mock, and tells what Retry and Catch would do', async () => {
    sfn.lambda.functions.broken = () => {
      throw namedError('BrokenError');
    };
    const task = { Type: 'Task', Resource: functionArn('broken'), Next: 'Elsewhere' };
    const rules = { Catch: [{ ErrorEquals: ['BrokenError'], Next: 'Handler' }] };

    const failed = await test(task, { roleArn: ROLE });
    const retried = await test({ ...task, Retry: [{ ErrorEquals: ['BrokenError'] }] }, { roleArn: ROLE });
    const caught = await test({ ...task, ...rules }, { roleArn: ROLE });
    const mocked = await test({ ...task, Output: '{% $states.result.v %}' }, { mock: { result: '{"v":1}' } });

    expect(failed).toMatchObject({ status: 'FAILED', error: 'BrokenError' });
    expect(retried).toMatchObject({ status: 'RETRIABLE', error: 'BrokenError' });
    expect(caught).toMatchObject({ status: 'CAUGHT_ERROR', nextState: 'Handler', error: 'BrokenError' });
    expect(mocked).toMatchObject({ status: 'SUCCEEDED', output: '1', nextState: 'Elsewhere' });
  });

  it('calls a Task that isn’t mocked as a role, which it must be given', async () => {
    const task = { Type: 'Task', Resource: functionArn('any'), End: true };

    expect(await refusal(test(task))).toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('roleArn'),
    });
    expect(await refusal(test(task, { roleArn: 'test' }))).toMatchObject({ name: 'InvalidArn' });
  });

  it('wants a mock for what waits or holds states', async () => {
    const tested = refusal(test({ Type: 'Parallel', Branches: [PASS], End: true }));

    expect(await tested).toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('mock'),
    });
  });
});
