import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { executionsOfRun, resumptionName, resumptionNumber, runIdOfExecution } from '#shared/executions/resumptions.ts';
import { stepFunctionsRunEndings } from '#shared/executions/step-functions.ts';
import { inMemoryExecutions, STATE_MACHINE_ARN } from './in-memory.ts';

/** What StartExecution takes of what a run's id may be. */
const runIds = fc.stringMatching(/^[A-Za-z0-9_-]{1,80}$/);

describe('the name of a resumption', () => {
  it('is taken by Step Functions, and stands for one run and one number', () => {
    fc.assert(
      fc.property(runIds, runIds, fc.integer({ min: 1, max: 9999 }), (runId, other, number) => {
        const name = resumptionName(runId, number);

        expect(name).toMatch(/^[A-Za-z0-9_-]{1,80}$/);
        expect(resumptionNumber(runId, name)).toBe(number);
        if (other !== runId) expect(resumptionNumber(other, name)).toBeUndefined();
      }),
    );
  });

  it.each(['run-1', 'run-1-resumed-0', 'run-1-resumed-', 'run-1-resumed-01', 'run-2-resumed-1', 'resumed-1'])(
    'is not %s',
    (name) => {
      expect(resumptionNumber('run-1', name)).toBeUndefined();
    },
  );
});

describe('the executions of a run', () => {
  const start = async (...names: string[]) => {
    const executions = inMemoryExecutions();
    for (const name of names) {
      const input = name === 'run-1' ? {} : { resume: 'run-1' };
      await executions.start({ stateMachineArn: STATE_MACHINE_ARN, name, input });
    }
    return executions;
  };

  it('are those that began and resumed it, in their order', async () => {
    const executions = await start('run-1', resumptionName('run-1', 2), resumptionName('run-1', 1));

    const found = await executionsOfRun(executions, STATE_MACHINE_ARN, 'run-1');

    expect(found.map(({ executionArn }) => executionArn.split(':').at(-1))).toEqual([
      'run-1',
      'run-1-resumed-1',
      'run-1-resumed-2',
    ]);
    expect(found.map(runIdOfExecution)).toEqual(['run-1', 'run-1', 'run-1']);
    expect(await executionsOfRun(executions, STATE_MACHINE_ARN, 'run-2')).toEqual([]);
  });

  it('have ended when the last of them has', async () => {
    const executions = await start('run-1', resumptionName('run-1', 1));
    const runs = stepFunctionsRunEndings(() => STATE_MACHINE_ARN, executions);

    executions.end('run-1', { status: 'FAILED' });
    const whileResumed = await runs.hasEnded('run-1');
    executions.end('run-1-resumed-1');

    expect([whileResumed, await runs.hasEnded('run-1')]).toEqual([false, true]);
  });
});
