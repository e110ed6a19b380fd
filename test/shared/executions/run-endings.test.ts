import { describe, expect, it } from 'vitest';
import { stepFunctionsRunEndings } from '#shared/executions/step-functions.ts';
import { inMemoryExecutions, STATE_MACHINE_ARN } from './in-memory.ts';

describe('whether a run has ended', () => {
  const given = async () => {
    const executions = inMemoryExecutions();
    const { executionArn } = await executions.start({ stateMachineArn: STATE_MACHINE_ARN, name: 'run-1', input: {} });
    return { executions, executionArn, runs: stepFunctionsRunEndings(() => STATE_MACHINE_ARN, executions) };
  };

  it('is true of one that was stopped, and not of one that is going', async () => {
    const { executions, executionArn, runs } = await given();

    const before = await runs.hasEnded('run-1');
    await executions.stop(executionArn, 'enough');

    expect([before, await runs.hasEnded('run-1')]).toEqual([false, true]);
  });

  it('is not known of a run of somebody else, or when nobody answers', async () => {
    const { runs } = await given();
    const describe = () => Promise.reject(new Error('no way to Step Functions'));
    const unreachable = stepFunctionsRunEndings(() => STATE_MACHINE_ARN, { describe });

    expect(await runs.hasEnded('somebody else')).toBe(false);
    expect(await unreachable.hasEnded('run-1')).toBe(false);
  });
});
