import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StandIn } from '#local/stand-in.ts';
import { serveFake } from '#test/local/http/fake-service.ts';
import { type OpenS3, openS3 } from '#test/local/s3/open-s3.ts';
import { namedError } from '#test/local/step-functions/fake-lambda.ts';
import {
  functionArn,
  machineIam,
  type OpenStepFunctions,
  openStepFunctions,
  typesOf,
} from '#test/local/step-functions/open-step-functions.ts';

const events: { Entries: { Detail: string }[] }[] = [];
let s3: OpenS3;
let eventBridge: StandIn;
let sfn: OpenStepFunctions;

beforeAll(async () => {
  const iam = machineIam();
  s3 = await openS3({ iam });
  await s3.client.send(new CreateBucketCommand({ Bucket: 'task-data' }));
  const PutEvents = (input: { Entries: { Detail: string; DetailType: string }[] }) => {
    events.push(input);
    const isBad = input.Entries[0]?.DetailType === 'bad';
    return { FailedEntryCount: isBad ? 1 : 0, Entries: [isBad ? { ErrorCode: 'Refused' } : { EventId: '1' }] };
  };
  eventBridge = await serveFake({ targetPrefix: 'AWSEvents', jsonVersion: '1.1', operations: { PutEvents } });
  sfn = await openStepFunctions({ iam, s3: s3.url, eventbridge: eventBridge.url });
  Object.assign(sfn.lambda.functions, {
    echo: (event: unknown) => event,
    slow: () => sleep(3000, 'late', { ref: false }),
    fail: () => {
      throw namedError('CustomError', 'broken');
    },
    big: () => 'x'.repeat(262_144),
  });
});

afterAll(async () => {
  await sfn[Symbol.asyncDispose]();
  await eventBridge.close();
  await s3[Symbol.asyncDispose]();
});

const task = (state: object) => ({ StartAt: 'Call', States: { Call: { Type: 'Task', End: true, ...state } } });
const INVOKE = 'arn:aws:states:::lambda:invoke';

/** When a function was called. */
const callsOf = (function_: string): number[] =>
  sfn.lambda.calls.filter(({ name }) => name === function_).map(({ at }) => at);

/** A machine that ends well when its only task's failure is caught. */
const caught = (state: object, errors: string[]) => ({
  StartAt: 'Call',
  States: {
    Call: { Type: 'Task', Catch: [{ ErrorEquals: errors, Next: 'Caught' }], End: true, ...state },
    Caught: { Type: 'Succeed' },
  },
});

describe('Lambda', () => {
  it("gives a function's ARN the arguments and the state its bare result, in Lambda's own events", async () => {
    const executionArn = await sfn.start(
      task({ Resource: functionArn('echo'), Arguments: { v: '{% $states.input.v %}' } }),
      { v: 4 },
    );

    const { value } = await sfn.closed(executionArn);

    expect(value).toEqual({ v: 4 });
    expect(typesOf(await sfn.history(executionArn))).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
  });

  it.each(['echo', functionArn('echo'), `${functionArn('echo')}:live`])(
    'invokes %s and parses its payload',
    async (FunctionName) => {
      const { value } = await sfn.run(task({ Resource: INVOKE, Arguments: { FunctionName, Payload: { v: 4 } } }));

      expect(value).toEqual({
        ExecutedVersion: '$LATEST',
        Payload: { v: 4 },
        SdkHttpMetadata: { HttpStatusCode: 200 },
        StatusCode: 200,
      });
    },
  );

  it("fails with the name of the function's error and its report as the cause", async () => {
    const { status, error, cause } = await sfn.run(task({ Resource: functionArn('fail') }));

    expect({ status, error }).toEqual({ status: 'FAILED', error: 'CustomError' });
    expect(JSON.parse(cause!)).toMatchObject({ errorType: 'CustomError', errorMessage: 'broken' });
  });

  it('fails by name when there is no such function, and does not call twice', async () => {
    const { error, cause } = await sfn.run(task({ Resource: functionArn('nobody') }));

    expect(error).toBe('Lambda.ResourceNotFoundException');
    expect(cause).toContain('Function not found: nobody');
    expect(callsOf('nobody')).toHaveLength(1);
  });

  it('catches the error of a second Catcher and keeps the input', async () => {
    const machine = {
      StartAt: 'Call',
      States: {
        Call: {
          Type: 'Task',
          Resource: functionArn('fail'),
          Catch: [
            { ErrorEquals: ['OtherError'], Next: 'Other' },
            {
              ErrorEquals: ['CustomError'],
              Output: {
                input: '{% $states.input %}',
                failed: '{% $states.errorOutput.Error %}',
                message: '{% $parse($states.errorOutput.Cause).errorMessage %}',
              },
              Assign: { failed: '{% $states.errorOutput.Error %}' },
              Next: 'Tell',
            },
          ],
          End: true,
        },
        Other: { Type: 'Fail' },
        Tell: { Type: 'Succeed', Output: { state: '{% $states.input %}', variable: '{% $failed %}' } },
      },
    };

    const { value } = await sfn.run(machine, { keep: 1 });

    expect(value).toEqual({
      state: { input: { keep: 1 }, failed: 'CustomError', message: 'broken' },
      variable: 'CustomError',
    });
  });

  it('refuses a result of more than 256 KiB, which States.ALL does not catch', async () => {
    const { error } = await sfn.run(caught({ Resource: functionArn('big') }, ['States.ALL']));

    expect(error).toBe('States.DataLimitExceeded');
  });
});

describe.concurrent('Retry', () => {
  it('waits longer with every retry, and counts them in the context', async () => {
    let calls = 0;
    sfn.lambda.functions.flaky = (event: unknown) => {
      calls += 1;
      if (calls < 3) throw namedError('FlakyError');
      return event;
    };
    const machine = task({
      Resource: functionArn('flaky'),
      Arguments: { retry: '{% $states.context.State.RetryCount %}' },
      Retry: [{ ErrorEquals: ['FlakyError'], IntervalSeconds: 1, BackoffRate: 1.5 }],
    });

    const { value } = await sfn.run(machine);

    const [first, second, third] = callsOf('flaky') as [number, number, number];
    expect(value).toEqual({ retry: 2 });
    expect(second - first).toBeGreaterThan(950);
    expect(third - second).toBeGreaterThan(1450);
  });

  it('caps the delay, also with full jitter, and gives up after MaxAttempts', async () => {
    sfn.lambda.functions.stubborn = sfn.lambda.functions.fail!;
    const rule = {
      ErrorEquals: ['States.ALL'],
      IntervalSeconds: 1,
      BackoffRate: 9,
      MaxDelaySeconds: 1,
      MaxAttempts: 3,
      JitterStrategy: 'FULL',
    };

    const { error } = await sfn.run(task({ Resource: functionArn('stubborn'), Retry: [rule] }));

    const at = callsOf('stubborn');
    expect(error).toBe('CustomError');
    expect(at).toHaveLength(4);
    for (const [index, time] of at.slice(1).entries()) expect(time - at[index]!).toBeLessThan(1900);
  });

  it('keeps one counter a Retrier', async () => {
    let calls = 0;
    sfn.lambda.functions.alternating = () => {
      calls += 1;
      if (calls <= 4) throw namedError(calls % 2 ? 'Odd' : 'Even');
      return calls;
    };
    const rule = (name: string) => ({
      ErrorEquals: [name],
      IntervalSeconds: 1,
      MaxDelaySeconds: 1,
      MaxAttempts: 2,
      JitterStrategy: 'FULL',
    });

    const { value } = await sfn.run(task({ Resource: functionArn('alternating'), Retry: [rule('Odd'), rule('Even')] }));

    expect(value).toBe(5);
  });
});

describe.concurrent('time limits', () => {
  it('ends a task after its TimeoutSeconds, without a cause', async () => {
    const executionArn = await sfn.start(
      task({ Resource: functionArn('slow'), TimeoutSeconds: '{% $states.input %}' }),
      1,
    );

    const { status, error, cause, startDate, stopDate } = await sfn.closed(executionArn);

    expect({ status, error, cause }).toEqual({ status: 'FAILED', error: 'States.Timeout', cause: undefined });
    expect(stopDate!.getTime() - startDate!.getTime()).toBeLessThan(2600);
    expect(typesOf(await sfn.history(executionArn))).toContain('LambdaFunctionTimedOut');
  });

  it('does not count a timeout as States.TaskFailed', async () => {
    const { error } = await sfn.run(
      caught({ Resource: functionArn('slow'), TimeoutSeconds: 1 }, ['States.TaskFailed']),
    );

    expect(error).toBe('States.Timeout');
  });

  it("ends an execution as TIMED_OUT after the machine's TimeoutSeconds, in the middle of a Wait", async () => {
    const executionArn = await sfn.start({
      TimeoutSeconds: 1,
      StartAt: 'W',
      States: { W: { Type: 'Wait', Seconds: 60, End: true } },
    });

    const { status, error, cause, startDate, stopDate } = await sfn.closed(executionArn);

    expect({ status, error, cause }).toEqual({ status: 'TIMED_OUT', error: undefined, cause: undefined });
    expect(stopDate!.getTime() - startDate!.getTime()).toBeLessThan(3500);
    expect(typesOf(await sfn.history(executionArn))).toEqual([
      'ExecutionStarted',
      'WaitStateEntered',
      'ExecutionTimedOut',
    ]);
  });

  it.each([0, 1.5, 'soon'])('refuses an evaluated TimeoutSeconds of %s', async (seconds) => {
    const { error } = await sfn.run(
      task({ Resource: functionArn('echo'), TimeoutSeconds: '{% $states.input %}' }),
      seconds,
    );

    expect(error).toBe('States.QueryEvaluationError');
  });
});

describe('other services', () => {
  it('writes and reads an object of S3, with times and bodies as text', async () => {
    const machine = {
      StartAt: 'Put',
      States: {
        Put: {
          Type: 'Task',
          Resource: 'arn:aws:states:::aws-sdk:s3:putObject',
          Arguments: { Bucket: 'task-data', Key: 'a/b.json', Body: { rows: '{% $states.input.rows %}' } },
          Next: 'Get',
        },
        Get: {
          Type: 'Task',
          Resource: 'arn:aws:states:::aws-sdk:s3:getObject',
          Arguments: { Bucket: 'task-data', Key: 'a/b.json' },
          Output: { body: '{% $parse($states.result.Body) %}', modified: '{% $states.result.LastModified %}' },
          End: true,
        },
      },
    };

    const { value } = await sfn.run(machine, { rows: 3 });

    expect(value).toEqual({ body: { rows: 3 }, modified: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) });
  });

  it('names the service and the exception of a call that was refused', async () => {
    const machine = {
      StartAt: 'Get',
      States: {
        Get: {
          Type: 'Task',
          Resource: 'arn:aws:states:::aws-sdk:s3:getObject',
          Arguments: { Bucket: 'task-data', Key: 'missing' },
          Catch: [{ ErrorEquals: ['S3.NoSuchKeyException'], Next: 'Tell' }],
          End: true,
        },
        Tell: { Type: 'Succeed' },
      },
    };

    const { value } = await sfn.run(machine);

    expect(value).toEqual({
      Error: 'S3.NoSuchKeyException',
      Cause: expect.stringContaining('(Service: S3, Status Code: 404'),
    });
  });

  it('calls Step Functions itself with its members in Pascal case', async () => {
    const executionArn = await sfn.start(
      task({
        Resource: 'arn:aws:states:::aws-sdk:sfn:describeExecution',
        Arguments: { ExecutionArn: '{% $states.context.Execution.Id %}' },
      }),
    );

    const { value } = await sfn.closed(executionArn);

    expect(value).toMatchObject({ ExecutionArn: executionArn, Status: 'RUNNING', RedriveCount: 0 });
  });

  it('puts events with their details as text, and fails when one is refused', async () => {
    const put = (DetailType: string) =>
      task({
        Resource: 'arn:aws:states:::events:putEvents',
        Arguments: { Entries: [{ Source: 'test', DetailType, Detail: { n: '{% $states.input.n %}' } }] },
      });

    const good = await sfn.run(put('good'), { n: 7 });
    const bad = await sfn.run(put('bad'), { n: 8 });

    expect(good.value).toEqual({ Entries: [{ EventId: '1' }], FailedEntryCount: 0 });
    expect(JSON.parse(events[0]!.Entries[0]!.Detail)).toEqual({ n: 7 });
    expect(bad.error).toBe('EventBridge.FailedEntry');
  });

  it('reports a service that does not answer as a failure of the client', async () => {
    const { error } = await sfn.run(
      task({ Resource: 'arn:aws:states:::aws-sdk:sagemaker:listTrainingJobs', Arguments: {} }),
    );

    expect(error).toBe('SageMaker.SdkClientException');
  });
});

describe('nested executions', () => {
  const START = 'arn:aws:states:::states:startExecution';

  it('waits for the nested execution and parses its output', async () => {
    const StateMachineArn = await sfn.create({
      StartAt: 'P',
      States: { P: { Type: 'Pass', Output: { got: '{% $states.input.v %}' }, End: true } },
    });
    const executionArn = await sfn.start(
      task({ Resource: `${START}.sync:2`, Arguments: { StateMachineArn, Input: { v: 5 } } }),
    );

    const { value } = await sfn.closed(executionArn);

    expect(value).toMatchObject({ Status: 'SUCCEEDED', Input: { v: 5 }, Output: { got: 5 }, StateMachineArn });
    expect(typesOf(await sfn.history(executionArn))).toContain('TaskSubmitted');
  });

  it('fails with the description of a nested execution that failed', async () => {
    const StateMachineArn = await sfn.create({
      StartAt: 'F',
      States: { F: { Type: 'Fail', Error: 'Inner', Cause: 'c' } },
    });

    const { error, cause } = await sfn.run(task({ Resource: `${START}.sync:2`, Arguments: { StateMachineArn } }));

    expect(error).toBe('States.TaskFailed');
    expect(JSON.parse(cause!)).toMatchObject({ Status: 'FAILED', Error: 'Inner', Cause: 'c' });
  });

  it('starts without waiting, and names a name that is taken', async () => {
    const StateMachineArn = await sfn.create({ StartAt: 'P', States: { P: { Type: 'Pass', End: true } } });
    const start = (Input: object) => task({ Resource: START, Arguments: { StateMachineArn, Name: 'once', Input } });

    const first = await sfn.run(start({ a: 1 }));
    const second = await sfn.run(start({ a: 2 }));

    const { ExecutionArn } = first.value as { ExecutionArn: string };
    expect((await sfn.closed(ExecutionArn)).value).toEqual({ a: 1 });
    expect(second.error).toBe('StepFunctions.ExecutionAlreadyExistsException');
  });

  it('stops the nested execution together with the one that waits for it', async () => {
    const StateMachineArn = await sfn.create({ StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 60, End: true } } });
    const executionArn = await sfn.start({
      TimeoutSeconds: 1,
      ...task({ Resource: `${START}.sync:2`, Arguments: { StateMachineArn, Name: 'inner' } }),
    });

    const { status } = await sfn.closed(executionArn);

    expect(status).toBe('TIMED_OUT');
    const inner = StateMachineArn.replace(':stateMachine:', ':execution:').concat(':inner');
    const { status: innerStatus } = await sfn.closed(inner);
    expect(innerStatus).toBe('ABORTED');
  });
});
