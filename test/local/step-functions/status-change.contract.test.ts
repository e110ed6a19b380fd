import { RedriveExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { beforeEach, expect, it, vi } from 'vitest';
import type { StatusChange } from '#local/step-functions/status-change.ts';
import { namedError } from './fake-lambda.ts';
import { functionArn, openStepFunctions } from './open-step-functions.ts';

let changes: StatusChange[];
beforeEach(() => {
  changes = [];
});
const open = () => openStepFunctions({ emit: (change) => changes.push(change) });
const statuses = () => changes.map(({ detail }) => detail.status);

const PASS = { StartAt: 'Pass', States: { Pass: { Type: 'Pass', End: true } } };
const WAIT = { StartAt: 'Wait', States: { Wait: { Type: 'Wait', Seconds: 600, End: true } } };

it('tells the start and the end of an execution, with the fields of AWS', async () => {
  await using sfn = await open();

  const { executionArn, stateMachineArn, name, startDate, stopDate } = await sfn.run(PASS, { a: 1 });

  await vi.waitFor(() => expect(statuses()).toEqual(['RUNNING', 'SUCCEEDED']));
  const common = {
    executionArn,
    stateMachineArn,
    name,
    startDate: startDate!.getTime(),
    input: '{"a":1}',
    inputDetails: { included: true },
    stateMachineVersionArn: null,
    stateMachineAliasArn: null,
    redriveCount: 0,
    redriveDate: null,
    redriveStatus: 'NOT_REDRIVABLE',
    error: null,
    cause: null,
  };
  expect(changes).toEqual([
    {
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      resources: [executionArn],
      detail: {
        ...common,
        status: 'RUNNING',
        stopDate: null,
        output: null,
        outputDetails: null,
        redriveStatusReason: 'Execution is RUNNING and cannot be redriven',
      },
    },
    expect.objectContaining({
      detail: {
        ...common,
        status: 'SUCCEEDED',
        stopDate: stopDate!.getTime(),
        output: '{"a":1}',
        outputDetails: { included: true },
        redriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven',
      },
    }),
  ]);
});

it('tells that an execution was stopped and why, and that it goes on when it is redriven', async () => {
  await using sfn = await open();
  const executionArn = await sfn.start(WAIT);

  await sfn.client.send(new StopExecutionCommand({ executionArn, error: 'RunStopped', cause: 'too expensive' }));
  await sfn.client.send(new RedriveExecutionCommand({ executionArn }));
  await sfn.client.send(new StopExecutionCommand({ executionArn }));

  await vi.waitFor(() => expect(statuses()).toEqual(['RUNNING', 'ABORTED', 'RUNNING', 'ABORTED']));
  expect(changes[1]!.detail).toMatchObject({
    error: 'RunStopped',
    cause: 'too expensive',
    output: null,
    redriveStatus: 'REDRIVABLE',
  });
  expect(changes[2]!.detail).toMatchObject({ redriveCount: 1, redriveDate: expect.any(Number), stopDate: null });
});

it('tells a failure and a timeout', async () => {
  await using sfn = await open();
  sfn.lambda.functions.broken = () => {
    throw namedError('Broken');
  };

  await sfn.run({ StartAt: 'Call', States: { Call: { Type: 'Task', Resource: functionArn('broken'), End: true } } });
  await sfn.run({ ...WAIT, TimeoutSeconds: 1 });

  await vi.waitFor(() => expect(statuses()).toEqual(['RUNNING', 'FAILED', 'RUNNING', 'TIMED_OUT']));
  expect(changes[1]!.detail).toMatchObject({ error: 'Broken' });
});

it('leaves out an input and an output that are too large for an event', async () => {
  await using sfn = await open();

  await sfn.run(PASS, { text: 'x'.repeat(130_000) });

  await vi.waitFor(() => expect(statuses()).toEqual(['RUNNING', 'SUCCEEDED']));
  expect(changes[0]!.detail).toMatchObject({ inputDetails: { included: true } });
  expect(changes[1]!.detail).toMatchObject({
    input: null,
    inputDetails: { included: false },
    output: null,
    outputDetails: { included: false },
  });
});
