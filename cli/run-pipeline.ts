import type { CloudAddress } from '#local/cloud-file.ts';
import type { ExecutionDescription } from '#shared/executions/executions.ts';
import { stepFunctionsExecutions } from '#shared/executions/step-functions.ts';
import { newRunName } from '#shared/pipeline/run-name.ts';
import { followRun } from './follow-run.ts';
import { progress } from './progress.ts';
import type { Terminal } from './terminal.ts';

export interface RunRequest {
  readonly pipeline: string;
  readonly mode?: string;
  readonly overrides?: Readonly<Record<string, unknown>>;
}

/** Starts the state machine `pipeline`, shows how it goes, and answers with how it ended. */
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
    return await followRun(executions, executionArn, shown);
  } finally {
    shown.end();
  }
};
