import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Executions } from '#shared/executions/executions.ts';
import { executionArnOf, executionNameOf } from '#shared/executions/executions.ts';
import { stepFunctionsExecutions } from '#shared/executions/step-functions.ts';
import { type OpenStepFunctions, openStepFunctions } from '#test/local/step-functions/open-step-functions.ts';

const stateMachineArn = 'arn:aws:states:eu-central-1:000000000000:stateMachine:waits';
const WAITS = { StartAt: 'Wait', States: { Wait: { Type: 'Wait', Seconds: 600, End: true } } };

let stepFunctions: OpenStepFunctions;
let executions: Executions;
beforeEach(async () => {
  stepFunctions = await openStepFunctions();
  await stepFunctions.create(WAITS, { name: 'waits' });
  executions = stepFunctionsExecutions(stepFunctions.client);
});
afterEach(() => stepFunctions[Symbol.asyncDispose]());

const start = (name: string, input: unknown = { pipeline: 'flights' }) =>
  executions.start({ stateMachineArn, name, input });

describe('executions', () => {
  it('that are started twice with the same name and input are one', async () => {
    const first = await start('run-1');

    expect(await start('run-1')).toEqual(first);
    expect(first.executionArn).toBe(executionArnOf(stateMachineArn, 'run-1'));
    expect(executionNameOf(first.executionArn)).toBe('run-1');
  });

  it('of a taken name are refused with another input, and after their end', async () => {
    const { executionArn } = await start('run-1');

    await expect(start('run-1', { pipeline: 'weather' })).rejects.toMatchObject({ name: 'RunExistsError' });
    await executions.stop(executionArn, 'by hand');
    await expect(start('run-1')).rejects.toMatchObject({ name: 'RunExistsError' });
  });

  it('tell their input, and why they were stopped', async () => {
    const { executionArn } = await start('run-1');
    await executions.stop(executionArn, 'too expensive');

    expect(await executions.describe(executionArn)).toMatchObject({
      status: 'ABORTED',
      input: { pipeline: 'flights' },
      error: 'RunStopped',
      cause: 'too expensive',
      stoppedAt: expect.any(Date),
    });
  });

  it('that are going are listed with their inputs, and no others', async () => {
    await executions.stop((await start('run-1')).executionArn, 'by hand');
    await start('run-2');
    await start('run-3', {});

    const running = await executions.running(stateMachineArn);

    expect(running.map(({ executionArn, input }) => [executionNameOf(executionArn), input]).sort()).toEqual([
      ['run-2', { pipeline: 'flights' }],
      ['run-3', {}],
    ]);
  });

  it.each(['run-9', 'run 9', '../run-9'])('of the id %o are unknown', async (id) => {
    const arn = executionArnOf(stateMachineArn, id);

    await expect(executions.describe(arn)).rejects.toMatchObject({ name: 'UnknownRunError' });
  });
});
