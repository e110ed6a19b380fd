import { UnknownRunError } from '#shared/errors.ts';
import { type Executions, hasEnded } from '#shared/executions/executions.ts';
import { executionsOfRun } from '#shared/executions/resumptions.ts';
import type { Answer } from '#shared/http-api/operation.ts';
import { HttpProblem } from '#shared/http-api/problem.ts';
import type { StopRunRequest } from './schema.ts';

interface Ports {
  readonly executions: Pick<Executions, 'describe' | 'stop'>;
}

/** Stops a run that is going, by whichever of its executions, and its child executions with it. */
export const stopRun = async (
  { path: { id }, body: { reason } }: StopRunRequest,
  { executions }: Ports,
  { stateMachineArn }: { readonly stateMachineArn: string },
): Promise<Answer> => {
  const found = await executionsOfRun(executions, stateMachineArn, id);
  const last = found.at(-1);
  if (!last) throw new UnknownRunError(`There is no run ${id}.`);
  const going = found.find(({ status }) => !hasEnded(status));
  if (!going) {
    throw new HttpProblem(409, 'RunHasEnded', `The run ${id} isn't going any more: it is ${last.status}.`);
  }
  await executions.stop(going.executionArn, reason);
  return { status: 202, body: { runId: id, url: `/runs/${id}` } };
};
