import { type Executions, executionArnOf } from '#shared/executions/executions.ts';
import type { Answer } from '#shared/http-api/operation.ts';
import { HttpProblem } from '#shared/http-api/problem.ts';
import type { StopRunRequest } from './schema.ts';

interface Ports {
  readonly executions: Pick<Executions, 'describe' | 'stop'>;
}

/** Stops a run that is going, and its child executions with it. */
export const stopRun = async (
  { path: { id }, body: { reason } }: StopRunRequest,
  { executions }: Ports,
  { stateMachineArn }: { readonly stateMachineArn: string },
): Promise<Answer> => {
  const executionArn = executionArnOf(stateMachineArn, id);
  const { status } = await executions.describe(executionArn);
  if (status !== 'RUNNING') {
    throw new HttpProblem(409, 'RunHasEnded', `The run ${id} isn't going any more: it is ${status}.`);
  }
  await executions.stop(executionArn, reason);
  return { status: 202, body: { runId: id, url: `/runs/${id}` } };
};
