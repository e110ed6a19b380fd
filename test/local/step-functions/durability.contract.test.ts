import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeLambda, startFakeLambda } from '#test/local/step-functions/fake-lambda.ts';
import { clientOf, functionArn, historyOf, ROLE, typesOf } from '#test/local/step-functions/open-step-functions.ts';

let dataDir: string;
let lambda: FakeLambda;
let server: ChildProcess;
let client: SFNClient;

const serve = async (): Promise<void> => {
  const script = join(import.meta.dirname, 'serve-step-functions.ts');
  server = spawn(process.execPath, [script, dataDir, lambda.url], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(server.stdout!, 'data')) as [Buffer];
  client = clientOf(line.toString().trim());
};

const kill = async (): Promise<void> => {
  client.destroy();
  const gone = once(server, 'exit');
  server.kill('SIGKILL');
  await gone;
};

const start = async (name: string, definition: object, input: unknown = {}): Promise<string> => {
  const text = JSON.stringify({ QueryLanguage: 'JSONata', ...definition });
  const command = new CreateStateMachineCommand({ name, definition: text, roleArn: ROLE });
  const { stateMachineArn } = await client.send(command);
  const started = new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) });
  return (await client.send(started)).executionArn!;
};

const until = async (executionArn: string, isThere: (types: string[]) => boolean): Promise<void> => {
  while (!isThere(typesOf(await historyOf(client, executionArn)))) await sleep(20);
};

const closed = async (executionArn: string) => {
  await until(executionArn, (types) => /^Execution(Succeeded|Failed|Aborted|TimedOut)$/.test(types.at(-1)!));
  return client.send(new DescribeExecutionCommand({ executionArn }));
};

const answer = (taskToken: string, output: string) => client.send(new SendTaskSuccessCommand({ taskToken, output }));

const callsOf = (name: string) => lambda.calls.filter((call) => call.name === name);

/** A task that hands its token to a function. */
const waiting = (FunctionName: string, more: object = { End: true }) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
  Arguments: { FunctionName, Payload: { n: '{% $states.input %}', token: '{% $states.context.Task.Token %}' } },
  ...more,
});

/** A function that never answers until told otherwise. */
const hanging = (name: string): { mend(): void } => {
  let hangs = true;
  lambda.functions[name] = async () => {
    if (hangs) await sleep(60_000, undefined, { ref: false });
    return 'mended';
  };
  return {
    mend: () => {
      hangs = false;
    },
  };
};

/** What is under way when the process is killed, each brought to the point that matters. */
const scenarios = {
  async token() {
    const token = Promise.withResolvers<string>();
    lambda.functions.token = (event: { token: string }) => token.resolve(event.token);
    const executionArn = await start('token', {
      StartAt: 'Set',
      States: {
        Set: { Type: 'Pass', Assign: { kept: 7 }, Next: 'Wait' },
        Wait: waiting('token', {
          HeartbeatSeconds: 30,
          TimeoutSeconds: 60,
          Output: '{% $states.result + $kept %}',
          End: true,
        }),
      },
    });
    await until(executionArn, (types) => types.includes('TaskSubmitted'));
    return { executionArn, taskToken: await token.promise };
  },

  async answered() {
    const token = Promise.withResolvers<string>();
    lambda.functions.answered = (event: { token: string }) => token.resolve(event.token);
    const executionArn = await start('answered', {
      StartAt: 'Wait',
      States: { Wait: waiting('answered', { Next: 'Later' }), Later: { Type: 'Wait', Seconds: 1, End: true } },
    });
    await until(executionArn, (types) => types.includes('TaskSubmitted'));
    await answer(await token.promise, '"answered"');
    return { executionArn };
  },

  async due() {
    lambda.functions.due = () => null;
    const late = { Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'Late' }], TimeoutSeconds: 4, End: true };
    const executionArn = await start('due', {
      StartAt: 'Both',
      States: {
        Both: {
          Type: 'Parallel',
          Branches: [
            { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 4, End: true } } },
            { StartAt: 'T', States: { T: waiting('due', late), Late: { Type: 'Pass', Output: 'late', End: true } } },
          ],
          End: true,
        },
      },
    });
    await until(executionArn, (types) => types.includes('TaskSubmitted') && types.includes('WaitStateEntered'));
    return { executionArn };
  },

  async retried() {
    const { mend } = hanging('retried');
    const rule = { ErrorEquals: ['Lambda.SdkClientException'], IntervalSeconds: 1, JitterStrategy: 'FULL' };
    const executionArn = await start('retried', {
      StartAt: 'Call',
      States: { Call: { Type: 'Task', Resource: functionArn('retried'), Retry: [rule], End: true } },
    });
    await until(executionArn, (types) => types.includes('LambdaFunctionStarted'));
    mend();
    return { executionArn };
  },

  async lost() {
    lambda.functions.first = () => 'first';
    const { mend } = hanging('lost');
    const output = '{% [$states.input, $states.result] %}';
    const executionArn = await start('lost', {
      StartAt: 'First',
      States: {
        First: { Type: 'Task', Resource: functionArn('first'), Next: 'Second' },
        Second: { Type: 'Task', Resource: functionArn('lost'), Output: output, End: true },
      },
    });
    await until(executionArn, (types) => types.filter((type) => type === 'LambdaFunctionStarted').length === 2);
    return { executionArn, mend };
  },

  async mapRun() {
    const tokens = new Map<number, string>();
    lambda.functions.child = ({ n, token }: { n: number; token: string }) => {
      tokens.set(n, token);
    };
    const processor = { StartAt: 'Wait', States: { Wait: waiting('child') } };
    const executionArn = await start(
      'map-run',
      {
        StartAt: 'Each',
        States: {
          Each: {
            Type: 'Map',
            MaxConcurrency: 2,
            ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, ...processor },
            End: true,
          },
        },
      },
      [1, 2, 3],
    );
    while (tokens.size < 2) await sleep(20);
    await answer(tokens.get(1)!, '1');
    const { mapRuns } = await client.send(new ListMapRunsCommand({ executionArn }));
    const { mapRunArn } = mapRuns![0]!;
    await untilSubmitted(mapRunArn!, 3);
    return { executionArn, mapRunArn, tokens };
  },

  nested: () => startNested('nested', {}),
  unheard: () => startNested('unheard', { Name: 'by-a-name' }),
};

const startNested = async (name: string, more: object) => {
  const inner = { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 4, Output: 'inner', End: true } } };
  const definition = JSON.stringify({ QueryLanguage: 'JSONata', ...inner });
  const { stateMachineArn } = await client.send(
    new CreateStateMachineCommand({ name: 'inner', definition, roleArn: ROLE }),
  );
  const executionArn = await start(name, {
    StartAt: 'Nested',
    States: {
      Nested: {
        Type: 'Task',
        Resource: 'arn:aws:states:::states:startExecution.sync:2',
        Arguments: { StateMachineArn: stateMachineArn, ...more },
        Output: '{% $states.result.Output %}',
        End: true,
      },
    },
  });
  await until(executionArn, (types) => types.includes('TaskSubmitted'));
  return { executionArn };
};

/** As if the crash had come between a call and the note that it was made. */
const forgetSubmission = async (executionArn: string): Promise<void> => {
  for (const file of await readdir(join(dataDir, 'executions'))) {
    const path = join(dataDir, 'executions', file);
    const lines = (await readFile(path, 'utf8')).split('\n');
    if (JSON.parse(lines[0]!).execution.arn !== executionArn) continue;
    const submission = lines.findIndex((line) => line.includes('"TaskSubmitted"'));
    await writeFile(path, `${lines.slice(0, submission).join('\n')}\n`);
  }
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

const startAll = async () => ({
  due: await scenarios.due(),
  nested: await scenarios.nested(),
  unheard: await scenarios.unheard(),
  token: await scenarios.token(),
  retried: await scenarios.retried(),
  lost: await scenarios.lost(),
  mapRun: await scenarios.mapRun(),
  answered: await scenarios.answered(),
});

let left: Awaited<ReturnType<typeof startAll>>;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'step-functions-'));
  lambda = await startFakeLambda();
  await serve();
  left = await startAll();
  await kill();
  await forgetSubmission(left.unheard.executionArn);
  for (const file of await readdir(join(dataDir, 'executions'))) {
    await appendFile(join(dataDir, 'executions', file), '{"kind":"event","numb'); // a line that the crash cut short
  }
  await serve();
});

afterAll(async () => {
  await kill();
  await lambda.close();
  await rm(dataDir, { recursive: true, force: true });
});

describe.concurrent('after SIGKILL and a restart', () => {
  it('a task whose token was handed out can be answered, and sees its variables', async () => {
    await answer(left.token.taskToken, '35');

    const { status, output } = await closed(left.token.executionArn);

    expect({ status, output }).toEqual({ status: 'SUCCEEDED', output: '42' });
    expect(callsOf('token')).toHaveLength(1);
  });

  it('an answer that was acknowledged before counts', async () => {
    const { output } = await closed(left.answered.executionArn);

    expect(output).toBe('"answered"');
    expect(callsOf('answered')).toHaveLength(1);
  });

  it('a Wait ends when it was due, and a token times out by the time that was left', async () => {
    const { output, startDate, stopDate } = await closed(left.due.executionArn);

    const milliseconds = stopDate!.getTime() - startDate!.getTime();
    expect(output).toBe('[{},"late"]');
    expect(milliseconds).toBeGreaterThanOrEqual(3900);
    expect(milliseconds).toBeLessThan(7900); // twice as long if the clocks had begun anew
  });

  it('a call whose answer was lost fails by a name that a Retrier can take', async () => {
    const { status } = await closed(left.retried.executionArn);

    const types = typesOf(await historyOf(client, left.retried.executionArn));
    expect(status).toBe('SUCCEEDED');
    expect(types.filter((type) => type.startsWith('Lambda'))).toEqual([
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionFailed',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionSucceeded',
    ]);
  });

  it('such a call says why it failed where nothing retries it, and the execution goes on from there when redriven', async () => {
    const { executionArn, mend } = left.lost;
    const failed = await closed(executionArn);
    mend();
    await client.send(new RedriveExecutionCommand({ executionArn }));

    const { output } = await closed(executionArn);

    expect(failed).toMatchObject({
      status: 'FAILED',
      error: 'Lambda.SdkClientException',
      cause: expect.stringContaining('Whether the call was carried out is unknown'),
    });
    expect(output).toBe('["first","mended"]');
    expect([callsOf('first').length, callsOf('lost').length]).toEqual([1, 2]);
  });

  it('a Map Run keeps the children that ended and takes up the others', async () => {
    const { executionArn, mapRunArn, tokens } = left.mapRun;
    await answer(tokens.get(2)!, '2');
    await answer(tokens.get(3)!, '3');

    const { output } = await closed(executionArn);

    const run = await client.send(new DescribeMapRunCommand({ mapRunArn }));
    expect(output).toBe('[1,2,3]');
    expect(callsOf('child')).toHaveLength(3);
    expect(run).toMatchObject({ status: 'SUCCEEDED', executionCounts: { succeeded: 3, total: 3 } });
  });

  it('an execution waits on for a nested one', async () => {
    const { output } = await closed(left.nested.executionArn);

    expect(output).toBe('"inner"');
  });

  it('an execution finds the nested one again that it had just started by its name', async () => {
    const { output } = await closed(left.unheard.executionArn);

    const types = typesOf(await historyOf(client, left.unheard.executionArn));
    expect(output).toBe('"inner"');
    expect(types.filter((type) => type.startsWith('Task') && !type.includes('State'))).toEqual([
      'TaskScheduled',
      'TaskStarted',
      'TaskSubmitted',
      'TaskSucceeded',
    ]);
  });
});
