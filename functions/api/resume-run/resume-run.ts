import type { Executions } from '#shared/executions/executions.ts';
import { nextResumption } from '#shared/executions/next-resumption.ts';
import type { Answer } from '#shared/http-api/operation.ts';
import { HttpProblem } from '#shared/http-api/problem.ts';
import type { ResumeRunRequest } from './schema.ts';

interface Ports {
  readonly executions: Pick<Executions, 'describe' | 'start'>;
}

/** Starts an execution that goes on with a run; asked twice at the same moment, it is the same one. */
export const resumeRun = async (
  { path: { id } }: ResumeRunRequest,
  { executions }: Ports,
  { stateMachineArn }: { readonly stateMachineArn: string },
): Promise<Answer> => {
  const next = await nextResumption(executions, stateMachineArn, id);
  if ('refused' in next) throw new HttpProblem(409, next.refused, next.because);
  await executions.start({ stateMachineArn, ...next });
  return { status: 202, body: { runId: id, url: `/runs/${id}` } };
};
