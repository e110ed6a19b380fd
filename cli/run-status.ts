import type { ExecutionStatus, Executions } from '#shared/executions/executions.ts';
import type { RunSummary } from '#shared/pipeline/run-record.ts';

export type RunStatus = Exclude<RunSummary['outcome'], 'running'> | 'running' | 'stopped' | 'timedOut';

/** What became of a run. A run that was stopped or killed has no outcome in its record; its execution knows. */
export const runStatus = async (
  { outcome, executionArn }: Pick<RunSummary, 'outcome' | 'executionArn'>,
  executions: Executions,
): Promise<RunStatus> => {
  if (outcome !== 'running') return outcome;
  try {
    return STATUSES[(await executions.describe(executionArn)).status] ?? 'failed';
  } catch (error) {
    // Step Functions forgets executions, the laptop's when .fedml was removed in part.
    if ((error as Error).name === 'ExecutionDoesNotExist') return 'stopped';
    throw error;
  }
};

const STATUSES: Partial<Record<ExecutionStatus, RunStatus>> = {
  RUNNING: 'running',
  PENDING_REDRIVE: 'running',
  ABORTED: 'stopped',
  TIMED_OUT: 'timedOut',
};
