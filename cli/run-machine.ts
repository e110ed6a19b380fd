import type { CloudAddress } from '#local/cloud-file.ts';
import type { ExecutionDescription, Executions } from '#shared/executions/executions.ts';
import { runIdOfExecution } from '#shared/executions/resumptions.ts';
import { stepFunctionsExecutions } from '#shared/executions/step-functions.ts';
import { followRun } from './follow-run.ts';
import { interruption } from './interruption.ts';
import { progress } from './progress.ts';
import type { Terminal } from './terminal.ts';

export interface MachineRequest {
  /** A state machine, by its file's name. */
  readonly machine: string;
  /** Of the execution. */
  readonly name: string;
  readonly input: unknown;
}

/**
 * Starts a state machine, shows how it goes, and answers with how it ended.
 *
 * @throws InterruptedError when somebody ends the command; the execution is stopped first.
 */
export const runMachine = async (
  cloud: CloudAddress,
  { machine, name, input }: MachineRequest,
  out: Terminal,
): Promise<ExecutionDescription> => {
  const executions = stepFunctionsExecutions();
  const { executionArn } = await executions.start({
    stateMachineArn: cloud.stateMachineArns[machine]!,
    name,
    input,
  });
  const shown = progress(out);
  try {
    return await followRun(executions, executionArn, shown, interruption());
  } catch (error) {
    if (interruption().aborted) await stop(executions, { executionArn, input }, out);
    throw interruption().aborted ? interruption().reason : error;
  } finally {
    shown.end();
  }
};

const stop = async (
  executions: Executions,
  execution: Pick<ExecutionDescription, 'executionArn' | 'input'>,
  out: Terminal,
): Promise<void> => {
  out.status('  stopping the run …');
  await executions.stop(execution.executionArn, 'The command that ran it was interrupted.');
  out.note(`  The run ${runIdOfExecution(execution)} was stopped.`);
};
