import { setTimeout as sleep } from 'node:timers/promises';
import { SendTaskFailureCommand, SendTaskHeartbeatCommand, SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal } from '#test/local/s3/open-s3.ts';
import { namedError } from '#test/local/step-functions/fake-lambda.ts';
import { type OpenStepFunctions, openStepFunctions, typesOf } from '#test/local/step-functions/open-step-functions.ts';

let sfn: OpenStepFunctions;

beforeAll(async () => {
  sfn = await openStepFunctions();
});

afterAll(() => sfn[Symbol.asyncDispose]());

let machines = 0;

/** A machine that waits for the token it hands to a function of its own, and the token once it is handed out. */
const waiting = (
  state: object = {},
  { answer = async () => {} }: { answer?: (taskToken: string) => Promise<unknown> } = {},
) => {
  const FunctionName = `worker-${++machines}`;
  const token = Promise.withResolvers<string>();
  sfn.lambda.functions[FunctionName] = async (event: { token: string }) => {
    token.resolve(event.token);
    await answer(event.token);
    return 'ignored';
  };
  const machine = {
    StartAt: 'Wait',
    States: {
      Wait: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
        Arguments: { FunctionName, Payload: { token: '{% $states.context.Task.Token %}' } },
        End: true,
        ...state,
      },
      Tell: { Type: 'Succeed' },
    },
  };
  const { Tell, ...withoutTell } = machine.States;
  return { machine: 'Catch' in state ? machine : { ...machine, States: withoutTell }, token: token.promise };
};

const succeed = (taskToken: string, output: unknown = 'done') =>
  sfn.client.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(output) }));

describe.concurrent('a task that waits for its token', () => {
  it('takes the output that comes with the token as its result', async () => {
    const { machine, token } = waiting({ Output: { got: '{% $states.result.answer %}' } });
    const executionArn = await sfn.start(machine);
    await succeed(await token, { answer: 42 });

    const { value } = await sfn.closed(executionArn);

    expect(value).toEqual({ got: 42 });
    expect(typesOf(await sfn.history(executionArn)).slice(2, 6)).toEqual([
      'TaskScheduled',
      'TaskStarted',
      'TaskSubmitted',
      'TaskSucceeded',
    ]);
  });

  it('takes an answer that comes before the call itself has returned', async () => {
    const { machine } = waiting({}, { answer: (taskToken) => succeed(taskToken, 'early') });

    const { value } = await sfn.run(machine);

    expect(value).toBe('early');
  });

  it('fails with exactly the error and cause that were sent, which a Catcher sees', async () => {
    const { machine, token } = waiting({ Catch: [{ ErrorEquals: ['Job.Failed'], Next: 'Tell' }] });
    const executionArn = await sfn.start(machine);
    await sfn.client.send(new SendTaskFailureCommand({ taskToken: await token, error: 'Job.Failed', cause: 'exit 1' }));

    const { value } = await sfn.closed(executionArn);

    expect(value).toEqual({ Error: 'Job.Failed', Cause: 'exit 1' });
  });

  it('fails when the call that hands the token out fails', async () => {
    const { machine } = waiting({}, { answer: () => Promise.reject(namedError('NoWorker')) });
    const executionArn = await sfn.start(machine);

    const { error } = await sfn.closed(executionArn);

    expect(error).toBe('NoWorker');
    expect(typesOf(await sfn.history(executionArn))).toContain('TaskSubmitFailed');
  });

  it('lives on as long as heartbeats come', async () => {
    const { machine, token } = waiting({ HeartbeatSeconds: 1 });
    const executionArn = await sfn.start(machine);
    const taskToken = await token;
    for (let beat = 0; beat < 3; beat += 1) {
      await sleep(700);
      await sfn.client.send(new SendTaskHeartbeatCommand({ taskToken }));
    }
    await succeed(taskToken);

    const { status } = await sfn.closed(executionArn);

    expect(status).toBe('SUCCEEDED');
  });

  it('times out when no heartbeat comes, and its token is of no use after that', async () => {
    const { machine, token } = waiting({ HeartbeatSeconds: 1, TimeoutSeconds: 60 });
    const executionArn = await sfn.start(machine);
    const { status, error, startDate, stopDate } = await sfn.closed(executionArn);

    const late = refusal(succeed(await token));

    expect(await late).toMatchObject({ name: 'TaskTimedOut' });
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'States.Timeout' });
    expect(stopDate!.getTime() - startDate!.getTime()).toBeLessThan(4000);
    const timedOut = (await sfn.history(executionArn)).find(({ type }) => type === 'TaskTimedOut');
    expect(timedOut?.taskTimedOutEventDetails).toMatchObject({
      error: 'States.HeartbeatTimeout',
      resource: 'invoke.waitForTaskToken',
    });
  });

  it('lets a Catcher of States.Timeout take a missed heartbeat', async () => {
    const { machine } = waiting({ HeartbeatSeconds: 1, Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'Tell' }] });

    const { value } = await sfn.run(machine);

    expect(value).toEqual({ Error: 'States.HeartbeatTimeout' });
  });

  it('gets a new token with every retry', async () => {
    const { machine, token } = waiting({
      Retry: [{ ErrorEquals: ['Again'], IntervalSeconds: 1, JitterStrategy: 'FULL' }],
    });
    const executionArn = await sfn.start(machine);
    const first = await token;
    const FunctionName = machine.States.Wait.Arguments.FunctionName;
    const second = Promise.withResolvers<string>();
    sfn.lambda.functions[FunctionName] = (event: { token: string }) => second.resolve(event.token);
    await sfn.client.send(new SendTaskFailureCommand({ taskToken: first, error: 'Again' }));
    await succeed(await second.promise, 'second');

    const { value } = await sfn.closed(executionArn);

    expect(value).toBe('second');
    expect(await second.promise).not.toBe(first);
  });
});

describe.concurrent('the answer to a token', () => {
  it('counts once', async () => {
    const { machine, token } = waiting();
    const executionArn = await sfn.start(machine);
    await succeed(await token, 1);

    const second = refusal(succeed(await token, 2));

    expect(await second).toMatchObject({ name: 'TaskTimedOut' });
    expect((await sfn.closed(executionArn)).value).toBe(1);
  });

  it('is refused when the token never was one, or the output is no JSON', async () => {
    const invented = refusal(succeed('AAAA'));
    const noJson = refusal(sfn.client.send(new SendTaskSuccessCommand({ taskToken: 'AAAA', output: '{' })));

    expect(await invented).toMatchObject({ name: 'InvalidToken' });
    expect(await noJson).toMatchObject({ name: 'InvalidOutput' });
  });
});
