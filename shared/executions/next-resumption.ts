import { UnknownRunError } from '#shared/errors.ts';
import { type Executions, hasEnded } from '#shared/executions/executions.ts';
import { executionsOfRun, resumptionName } from '#shared/executions/resumptions.ts';

/** What StartExecution is to be asked to resume a run, or why the run can't be resumed. */
export type NextResumption =
  | { readonly name: string; readonly input: { readonly resume: string; readonly pipeline?: unknown } }
  | { readonly refused: 'RunIsGoing' | 'RunHasSucceeded'; readonly because: string };

/**
 * The next execution of a run that has ended without success. Its first state looks closer, at the run's record.
 *
 * @throws UnknownRunError when Step Functions knows no execution of that name, or no longer.
 */
export const nextResumption = async (
  executions: Pick<Executions, 'describe'>,
  stateMachineArn: string,
  runId: string,
): Promise<NextResumption> => {
  const found = await executionsOfRun(executions, stateMachineArn, runId);
  const first = found[0];
  if (!first) throw new UnknownRunError(`There is no run ${runId}, or it ended more than 90 days ago.`);
  if (found.some(({ status }) => !hasEnded(status))) {
    return { refused: 'RunIsGoing', because: `The run ${runId} is still going. Wait for its end, or stop it first.` };
  }
  if (found.at(-1)!.status === 'SUCCEEDED') {
    return { refused: 'RunHasSucceeded', because: `The run ${runId} has succeeded: nothing of it is left to do.` };
  }
  const { pipeline } = (first.input ?? {}) as { readonly pipeline?: unknown };
  return {
    name: resumptionName(runId, found.length),
    input: { ...(pipeline !== undefined && { pipeline }), resume: runId },
  };
};
