import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  RedriveExecutionCommand,
  SendTaskSuccessCommand,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type FakeLambda, startFakeLambda } from '#test/local/step-functions/fake-lambda.ts';
import { clientOf, functionArn, historyOf, ROLE, typesOf } from '#test/local/step-functions/open-step-functions.ts';

let dataDir: string;
let lambda: FakeLambda;
let process_: ChildProcess;
let client: SFNClient;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'step-functions-'));
  lambda = await startFakeLambda();
  await serve();
});

afterEach(async () => {
  await kill();
  await lambda.close();
  await rm(dataDir, { recursive: true, force: true });
});

const serve = async (): Promise<void> => {
  const script = join(import.meta.dirname, 'serve-step-functions.ts');
  process_ = spawn(process.execPath, [script, dataDir, lambda.url], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(process_.stdout!, 'data')) as [Buffer];
  client = clientOf(line.toString().trim());
};

const kill = async (): Promise<void> => {
  client.destroy();
  if (process_.exitCode !== null || process_.signalCode !== null) return;
  const gone = once(process_, 'exit');
  process_.kill('SIGKILL');
  await gone;
};

const killAndServe = async (): Promise<void> => {
  await kill();
  await serve();
};

const start = async (definition: object, input: unknown = {}): Promise<string> => {
  const text = JSON.stringify({ QueryLanguage: 'JSONata', ...definition });
  const { stateMachineArn } = await client.send(
    new CreateStateMachineCommand({ name: 'machine', definition: text, roleArn: ROLE }),
  );
  const { executionArn } = await client.send(
    new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
  );
  return executionArn!;
};

const until = async (executionArn: string, isThere: (types: string[]) => boolean): Promise<string[]> => {
  for (;;) {
    const types = typesOf(await historyOf(client, executionArn));
    if (isThere(types)) return types;
    await sleep(20);
  }
};

const closed = async (executionArn: string) => {
  await until(executionArn, (types) => /^Execution(Succeeded|Failed|Aborted|TimedOut)$/.test(types.at(-1)!));
  return client.send(new DescribeExecutionCommand({ executionArn }));
};

it('lets a task be answered whose token was handed out before the process was killed', async () => {
  const token = Promise.withResolvers<string>();
  lambda.functions.worker = (event: { token: string }) => token.resolve(event.token);
  const executionArn = await start({
    StartAt: 'Set',
    States: {
      Set: { Type: 'Pass', Assign: { kept: 7 }, Next: 'Wait' },
      Wait: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
        Arguments: { FunctionName: 'worker', Payload: { token: '{% $states.context.Task.Token %}' } },
        HeartbeatSeconds: 30,
        TimeoutSeconds: 60,
        Output: '{% $states.result + $kept %}',
        End: true,
      },
    },
  });
  await until(executionArn, (types) => types.includes('TaskSubmitted'));
  await killAndServe();
  await client.send(new SendTaskSuccessCommand({ taskToken: await token.promise, output: '35' }));

  const { status, output } = await closed(executionArn);

  expect({ status, output }).toEqual({ status: 'SUCCEEDED', output: '42' });
  expect(lambda.calls).toHaveLength(1);
});

it('keeps an answer that was acknowledged right before the process was killed', async () => {
  const token = Promise.withResolvers<string>();
  lambda.functions.worker = (event: { token: string }) => token.resolve(event.token);
  const executionArn = await start({
    StartAt: 'Wait',
    States: {
      Wait: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
        Arguments: { FunctionName: 'worker', Payload: { token: '{% $states.context.Task.Token %}' } },
        Next: 'Later',
      },
      Later: { Type: 'Wait', Seconds: 1, End: true },
    },
  });
  await until(executionArn, (types) => types.includes('TaskSubmitted'));
  await client.send(new SendTaskSuccessCommand({ taskToken: await token.promise, output: '"answered"' }));
  await killAndServe();

  const { output } = await closed(executionArn);

  expect(output).toBe('"answered"');
});

it('ends a Wait when it was due, and a token by the time that was left', async () => {
  lambda.functions.worker = () => null;
  const executionArn = await start({
    StartAt: 'Both',
    States: {
      Both: {
        Type: 'Parallel',
        Branches: [
          { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 2, End: true } } },
          {
            StartAt: 'T',
            States: {
              T: {
                Type: 'Task',
                Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
                Arguments: { FunctionName: 'worker', Payload: '{% $states.context.Task.Token %}' },
                TimeoutSeconds: 2,
                Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'Late' }],
                End: true,
              },
              Late: { Type: 'Pass', Output: 'late', End: true },
            },
          },
        ],
        End: true,
      },
    },
  });
  await until(executionArn, (types) => types.includes('TaskSubmitted') && types.includes('WaitStateEntered'));
  await killAndServe();

  const { output, startDate, stopDate } = await closed(executionArn);

  const milliseconds = stopDate!.getTime() - startDate!.getTime();
  expect(output).toBe('[{},"late"]');
  expect(milliseconds).toBeGreaterThanOrEqual(1900);
  expect(milliseconds).toBeLessThan(3900);
});

it('fails a call whose answer was lost, by a name that a Retrier can take', async () => {
  let hangs = true;
  lambda.functions.hanging = async (event: unknown) => {
    if (hangs) await sleep(20_000, undefined, { ref: false });
    return event;
  };
  const executionArn = await start({
    StartAt: 'Call',
    States: {
      Call: {
        Type: 'Task',
        Resource: functionArn('hanging'),
        Retry: [{ ErrorEquals: ['Lambda.SdkClientException'], IntervalSeconds: 1, JitterStrategy: 'FULL' }],
        End: true,
      },
    },
  });
  await until(executionArn, (types) => types.includes('LambdaFunctionStarted'));
  hangs = false;
  await killAndServe();

  const { status } = await closed(executionArn);

  expect(status).toBe('SUCCEEDED');
  expect(typesOf(await historyOf(client, executionArn)).filter((type) => type.startsWith('Lambda'))).toEqual([
    'LambdaFunctionScheduled',
    'LambdaFunctionStarted',
    'LambdaFunctionFailed',
    'LambdaFunctionScheduled',
    'LambdaFunctionStarted',
    'LambdaFunctionSucceeded',
  ]);
});

it('says why such a call failed where nothing retries it, and goes on from there when redriven', async () => {
  let hangs = true;
  lambda.functions.first = () => 'first';
  lambda.functions.hanging = async () => {
    if (hangs) await sleep(20_000, undefined, { ref: false });
    return 'second';
  };
  const executionArn = await start({
    StartAt: 'First',
    States: {
      First: { Type: 'Task', Resource: functionArn('first'), Next: 'Second' },
      Second: {
        Type: 'Task',
        Resource: functionArn('hanging'),
        Output: '{% [$states.input, $states.result] %}',
        End: true,
      },
    },
  });
  await until(executionArn, (types) => types.filter((type) => type === 'LambdaFunctionStarted').length === 2);
  await killAndServe();
  const failed = await closed(executionArn);
  hangs = false;
  await client.send(new RedriveExecutionCommand({ executionArn }));

  const { output } = await closed(executionArn);

  expect(failed).toMatchObject({
    status: 'FAILED',
    error: 'Lambda.SdkClientException',
    cause: expect.stringContaining('Whether the call was carried out is unknown'),
  });
  expect(output).toBe('["first","second"]');
  expect(lambda.calls.map(({ name }) => name)).toEqual(['first', 'hanging', 'hanging']);
});

it('goes on with a Map Run: children that ended stay as they are, the others are taken up', async () => {
  const waiting: string[] = [];
  lambda.functions.worker = ({ n, token }: { n: number; token: string }) => {
    if (n === 1) void client.send(new SendTaskSuccessCommand({ taskToken: token, output: '1' })).catch(() => {});
    else waiting.push(token);
  };
  const executionArn = await start(
    {
      StartAt: 'Each',
      States: {
        Each: {
          Type: 'Map',
          MaxConcurrency: 2,
          ItemProcessor: {
            ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
            StartAt: 'Wait',
            States: {
              Wait: {
                Type: 'Task',
                Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
                Arguments: {
                  FunctionName: 'worker',
                  Payload: { n: '{% $states.input %}', token: '{% $states.context.Task.Token %}' },
                },
                End: true,
              },
            },
          },
          End: true,
        },
      },
    },
    [1, 2, 3],
  );
  const { mapRuns } = await untilMapRun(executionArn);
  const mapRunArn = mapRuns![0]!.mapRunArn!;
  await untilSubmitted(mapRunArn, 3);
  await killAndServe();
  for (const [index, taskToken] of waiting.entries()) {
    await client.send(new SendTaskSuccessCommand({ taskToken, output: String(index + 2) }));
  }

  const { output } = await closed(executionArn);

  const run = await client.send(new DescribeMapRunCommand({ mapRunArn }));
  expect(output).toBe('[1,2,3]');
  expect(lambda.calls).toHaveLength(3);
  expect(run).toMatchObject({ status: 'SUCCEEDED', executionCounts: { succeeded: 3, total: 3 } });
});

const untilMapRun = async (executionArn: string) => {
  await until(executionArn, (types) => types.includes('MapRunStarted'));
  return client.send(new ListMapRunsCommand({ executionArn }));
};

/** Waits until so many children of a Map Run have called their worker. */
const untilSubmitted = async (mapRunArn: string, count: number): Promise<void> => {
  for (;;) {
    const { executions } = await client.send(new ListExecutionsCommand({ mapRunArn }));
    const histories = await Promise.all(executions!.map(({ executionArn }) => historyOf(client, executionArn!)));
    if (histories.filter((events) => typesOf(events).includes('TaskSubmitted')).length === count) return;
    await sleep(20);
  }
};

it('takes a line that a crash cut short for one that was never written', async () => {
  const executionArn = await start({ StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 1, End: true } } });
  await until(executionArn, (types) => types.includes('WaitStateEntered'));
  await kill();
  const folder = join(dataDir, 'executions');
  const [file] = await readdir(folder);
  await appendFile(join(folder, file!), '{"kind":"event","numb');
  await serve();

  const { status } = await closed(executionArn);

  expect(status).toBe('SUCCEEDED');
  await killAndServe();
  expect((await closed(executionArn)).status).toBe('SUCCEEDED');
});
