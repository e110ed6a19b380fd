import type { CloudAddress } from '#local/cloud-file.ts';
import type { ExecutionDescription, Executions } from '#shared/executions/executions.ts';
import { stepFunctionsExecutions } from '#shared/executions/step-functions.ts';
import { newRunName } from '#shared/pipeline/run-name.ts';
import { followRun } from './follow-run.ts';
import { interruption } from './interruption.ts';
import { progress } from './progress.ts';
import type { Terminal } from './terminal.ts';

export interface RunRequest {
  readonly pipeline: string;
  readonly mode?: string;
  readonly overrides?: Readonly<Record<string, unknown>>;
}

/**
 * Starts the state machine `pipeline`, shows how it goes, and answers with how it ended.
 *
 * @throws InterruptedError when somebody ends the command; the run is stopped first.
 */
export const runPipeline = async (
  cloud: CloudAddress,
  request: RunRequest,
  out: Terminal,
): Promise<ExecutionDescription> => {
  const executions = stepFunctionsExecutions();
  const { executionArn } = await executions.start({
    stateMachineArn: cloud.stateMachineArns.pipeline!,
    name: newRunName(request.pipeline),
    input: request,
  });
  const shown = progress(out);
  try {
    return await followRun(executions, executionArn, shown, interruption());
  } catch (error) {
    if (interruption().aborted) await stop(executions, executionArn, out);
    throw interruption().aborted ? interruption().reason : error;
  } finally {
    shown.end();
  }
};

const stop = async (executions: Executions, executionArn: string, out: Terminal): Promise<void> => {
  out.status('  stopping the run …');
  await executions.stop(executionArn, 'The command that ran it was interrupted.');
  out.note(`  The run ${executionArn.split(':').at(-1)} was stopped.`);
};
