import { CreateBucketCommand } from '@aws-sdk/client-s3';
import {
  DescribeMapRunCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  RedriveExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OpenS3, openS3, refusal } from '#test/local/s3/open-s3.ts';
import { namedError } from '#test/local/step-functions/fake-lambda.ts';
import {
  functionArn,
  machineIam,
  type OpenStepFunctions,
  openStepFunctions,
  typesOf,
} from '#test/local/step-functions/open-step-functions.ts';

let s3: OpenS3;
let sfn: OpenStepFunctions;

beforeAll(async () => {
  const iam = machineIam();
  s3 = await openS3({ iam });
  await s3.client.send(new CreateBucketCommand({ Bucket: 'redriven' }));
  sfn = await openStepFunctions({ iam, s3: s3.url });
});

afterAll(async () => {
  await sfn[Symbol.asyncDispose]();
  await s3[Symbol.asyncDispose]();
});

/** A function that fails for an event until `mended` says otherwise, and the events that it was called with. */
const fragile = (name: string) => {
  const state = { isMended: false, events: [] as unknown[] };
  sfn.lambda.functions[name] = (event: { bad?: boolean }) => {
    state.events.push(event);
    if (event.bad && !state.isMended) throw namedError('Fragile');
    return event;
  };
  return state;
};

const call = (name: string, more: object = { End: true }) => ({ Type: 'Task', Resource: functionArn(name), ...more });

const redrive = async (executionArn: string) => {
  await sfn.client.send(new RedriveExecutionCommand({ executionArn }));
  return sfn.closed(executionArn);
};

it('goes on at the step that failed, with its input and the variables, and logs no state twice', async () => {
  const before = fragile('before');
  const failing = fragile('failing');
  const executionArn = await sfn.start(
    {
      StartAt: 'Before',
      States: {
        Before: { ...call('before'), End: undefined, Assign: { kept: 'variable' }, Next: 'Failing' },
        Failing: call('failing', {
          Arguments: { bad: true, kept: '{% $kept %}' },
          Output: '{% [$states.result.kept, $states.context.Execution.RedriveCount] %}',
          End: true,
        }),
      },
    },
    {},
  );
  const failed = await sfn.closed(executionArn);
  failing.isMended = true;

  const { status, value, redriveCount, redriveStatus } = await redrive(executionArn);

  expect(failed).toMatchObject({ status: 'FAILED', error: 'Fragile', redriveStatus: 'REDRIVABLE' });
  expect({ status, value, redriveCount, redriveStatus }).toEqual({
    status: 'SUCCEEDED',
    value: ['variable', 1],
    redriveCount: 1,
    redriveStatus: 'NOT_REDRIVABLE',
  });
  expect(before.events).toHaveLength(1);
  expect(failing.events).toEqual([
    { bad: true, kept: 'variable' },
    { bad: true, kept: 'variable' },
  ]);
  const types = typesOf(await sfn.history(executionArn));
  expect(types.slice(types.indexOf('ExecutionFailed'))).toEqual([
    'ExecutionFailed',
    'ExecutionRedriven',
    'LambdaFunctionScheduled',
    'LambdaFunctionStarted',
    'LambdaFunctionSucceeded',
    'TaskStateExited',
    'ExecutionSucceeded',
  ]);
});

it('runs only the branches and iterations again that did not succeed', async () => {
  const worker = fragile('inline');
  const machine = {
    StartAt: 'Both',
    States: {
      Both: {
        Type: 'Parallel',
        Branches: [
          { StartAt: 'Good', States: { Good: call('inline', { Arguments: { branch: 'good' }, End: true }) } },
          {
            StartAt: 'Each',
            States: {
              Each: {
                Type: 'Map',
                MaxConcurrency: 1,
                Items: [{ n: 1 }, { n: 2, bad: true }, { n: 3 }],
                ItemProcessor: { StartAt: 'One', States: { One: call('inline') } },
                End: true,
              },
            },
          },
        ],
        End: true,
      },
    },
  };
  const executionArn = await sfn.start(machine);
  await sfn.closed(executionArn);
  worker.isMended = true;

  const { value } = await redrive(executionArn);

  expect(value).toEqual([{ branch: 'good' }, [{ n: 1 }, { n: 2, bad: true }, { n: 3 }]]);
  const count = (event: object) =>
    worker.events.filter((seen) => JSON.stringify(seen) === JSON.stringify(event)).length;
  expect([count({ branch: 'good' }), count({ n: 1 }), count({ n: 2, bad: true }), count({ n: 3 })]).toEqual([
    1, 1, 2, 1,
  ]);
});

it('redrives the failed children of a Map Run in the same run', async () => {
  const worker = fragile('distributed');
  const machine = {
    StartAt: 'Each',
    States: {
      Each: {
        Type: 'Map',
        MaxConcurrency: 1,
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
          StartAt: 'One',
          States: { One: call('distributed') },
        },
        ResultWriter: { Resource: 'arn:aws:states:::s3:putObject', Arguments: { Bucket: 'redriven', Prefix: 'r' } },
        End: true,
      },
    },
  };
  const executionArn = await sfn.start(machine, [{ n: 1 }, { n: 2, bad: true }, { n: 3 }]);
  const failed = await sfn.closed(executionArn);
  worker.isMended = true;

  const redriven = await redrive(executionArn);

  const { mapRuns } = await sfn.client.send(new ListMapRunsCommand({ executionArn }));
  const mapRunArn = mapRuns![0]!.mapRunArn!;
  const run = await sfn.client.send(new DescribeMapRunCommand({ mapRunArn }));
  const { executions } = await sfn.client.send(new ListExecutionsCommand({ mapRunArn, redriveFilter: 'REDRIVEN' }));
  expect(failed.error).toBe('States.ExceedToleratedFailureThreshold');
  expect(redriven.status).toBe('SUCCEEDED');
  expect(mapRuns).toHaveLength(1);
  expect(run).toMatchObject({ status: 'SUCCEEDED', redriveCount: 1, itemCounts: { succeeded: 3, total: 3 } });
  expect(executions).toHaveLength(1);
  expect(worker.events).toEqual([{ n: 1 }, { n: 2, bad: true }, { n: 2, bad: true }, { n: 3 }]);
  expect(typesOf(await sfn.history(executionArn))).toContain('MapRunRedriven');
});

it('takes an aborted execution up again, and counts its retries from the start', async () => {
  const executionArn = await sfn.start({ StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 1, End: true } } });
  await sfn.client.send(new StopExecutionCommand({ executionArn }));

  const { status } = await redrive(executionArn);

  expect(status).toBe('SUCCEEDED');
});

it('refuses what succeeded or still runs', async () => {
  const done = await sfn.start({ StartAt: 'P', States: { P: { Type: 'Pass', End: true } } });
  await sfn.closed(done);
  const running = await sfn.start({ StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 60, End: true } } });

  const redriveDone = refusal(sfn.client.send(new RedriveExecutionCommand({ executionArn: done })));
  const redriveRunning = refusal(sfn.client.send(new RedriveExecutionCommand({ executionArn: running })));

  expect(await redriveDone).toMatchObject({ name: 'ExecutionNotRedrivable' });
  expect(await redriveRunning).toMatchObject({ name: 'ExecutionNotRedrivable' });
});
