import { z } from 'zod';
import { CapacityUnavailableError, EndpointFailedError, type PipelineError } from '#shared/errors.ts';
import type { EndpointDescription } from '#shared/sagemaker/endpoint.ts';
import { endpointLog, type JobLog, lastWords } from '#shared/sagemaker/job-log.ts';
import type { Task } from '#shared/tasks/task-store.ts';
import type { Verdict } from '#shared/tasks/verdict.ts';

/** What the states DeployEndpoint and RestoreEndpoint answer with. */
export const EndpointResult = z.strictObject({
  endpointName: z.string().min(1),
  endpointConfigName: z.string().min(1),
});
export type EndpointResult = z.infer<typeof EndpointResult>;

type EndpointTask = Extract<Task, { kind: 'endpoint' }>;

const TERMINAL = new Set(['InService', 'Failed', 'OutOfService', 'UpdateRollbackFailed']);

/**
 * An endpoint is deployed when it serves the wanted configuration and no other change is pending. InService alone says
 * nothing: an update that was rolled back is InService too, on the configuration from before.
 */
export const endpointVerdict = async (
  task: EndpointTask,
  endpoint: EndpointDescription,
  log: JobLog,
): Promise<Verdict<EndpointResult>> => {
  const { EndpointStatus = '', EndpointConfigName, PendingDeploymentSummary } = endpoint;
  if (!TERMINAL.has(EndpointStatus) || PendingDeploymentSummary) return { state: 'running' };
  if (EndpointStatus === 'InService' && EndpointConfigName === task.endpointConfigName) {
    return {
      state: 'succeeded',
      result: { endpointName: task.name, endpointConfigName: task.endpointConfigName },
    };
  }
  if (hasNotBegun(task, endpoint)) return { state: 'running' };
  return { state: 'failed', error: await failure(task, endpoint, log) };
};

/** Between keeping the token and the call that changes the endpoint, an old event may ask about it. */
const hasNotBegun = ({ unchangedSince }: EndpointTask, { LastModifiedTime }: EndpointDescription): boolean =>
  unchangedSince !== undefined && LastModifiedTime?.toISOString() === unchangedSince;

const failure = async (task: EndpointTask, endpoint: EndpointDescription, log: JobLog): Promise<PipelineError> => {
  const { EndpointStatus, EndpointConfigName, FailureReason = 'SageMaker gave no reason.' } = endpoint;
  const outcome =
    EndpointStatus === 'InService'
      ? `was rolled back and serves ${EndpointConfigName} as before`
      : `is ${EndpointStatus}`;
  const message = `The endpoint ${task.name} didn't take the configuration ${task.endpointConfigName}: it ${outcome}. ${FailureReason}`;
  if (/capacity|ResourceLimitExceeded/i.test(FailureReason)) return new CapacityUnavailableError(message);
  const words = await lastWords(log, endpointLog(task.name));
  return new EndpointFailedError(words ? `${message} Its log ends with:\n${words}` : message);
};
