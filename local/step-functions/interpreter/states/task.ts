import type { TaskState } from '../../definition/asl.ts';
import type { Json } from '../../json.ts';
import type { Integration } from '../../tasks/integration.ts';
import { parseResource, type TaskResource } from '../../tasks/resources.ts';
import { rootMachineArn } from '../../tasks/roles.ts';
import { type TaskEvents, taskEvents } from '../../tasks/task-events.ts';
import { type LinkedAbort, linkedAbort, orAborted } from '../abort.ts';
import { withRetryAndCatch } from '../attempts.ts';
import { complete, payloadText } from '../complete.ts';
import { bindingsOf } from '../context.ts';
import { Interruption, StateFailure } from '../failure.ts';
import type { TaskProgress } from '../progress.ts';
import type { Outcome, Visit } from '../scope.ts';
import { evaluateInteger, evaluateTemplate } from '../template.ts';
import { alarmAt } from '../timers.ts';
import { awaitToken, callAndAwaitToken } from '../token-wait.ts';

/** Task: calls a service, within its time, and waits for what the integration pattern says. */
export const runTask = (visit: Visit<TaskState>): Promise<Outcome> => withRetryAndCatch(visit, attempt);

const attempt = async (visit: Visit<TaskState>): Promise<Outcome> => {
  const result = await performTask(visit);
  return complete(visit, visit.state, { bindings: bindingsOf(visit, { result }), fallback: result });
};

const performTask = async (visit: Visit<TaskState>): Promise<Json> => {
  const { environment, record } = visit.scope.run;
  const resource = parseResource(visit.state.Resource) as TaskResource;
  const task: Task = {
    visit,
    resource,
    integration: environment.integrationFor(resource, record),
    events: taskEvents(visit.scope, resource, environment.account.region),
  };
  return visit.progress?.task ? resume(task, visit.progress.task) : start(task);
};

interface Task {
  readonly visit: Visit<TaskState>;
  readonly resource: TaskResource;
  readonly integration: Integration;
  readonly events: TaskEvents;
}

const start = async (task: Task): Promise<Json> => {
  const { visit, resource, events } = task;
  const { environment, record } = visit.scope.run;
  visit.token =
    resource.pattern === 'waitForTaskToken'
      ? environment.tokens.create(rootMachineArn(record.stateMachineArn))
      : undefined;
  const { parameters, timeoutSeconds, heartbeatSeconds } = await evaluateFields(visit);
  const deadline = timeoutSeconds === undefined ? undefined : Date.now() + timeoutSeconds * 1000;
  events.scheduled(
    payloadText(parameters, "task's input"),
    {
      ...(timeoutSeconds !== undefined && { timeoutInSeconds: timeoutSeconds }),
      ...(heartbeatSeconds !== undefined && { heartbeatInSeconds: heartbeatSeconds }),
    },
    {
      ...(visit.token !== undefined && { token: visit.token }),
      ...(deadline !== undefined && { deadline }),
      ...(heartbeatSeconds !== undefined && { heartbeatSeconds }),
    },
  );
  await visit.scope.run.flushed(); // what led here must be on disk before the world changes
  events.started();
  return withinTime(task, deadline, (abort) =>
    visit.token === undefined
      ? callAndWait(task, parameters, abort)
      : callAndAwaitToken({ ...task, abort, token: visit.token, heartbeatSeconds }, parameters),
  );
};

/** What an earlier process left: a recorded end counts, a wait goes on, a call whose answer was lost has failed unless it can be repeated. */
const resume = (task: Task, left: TaskProgress): Promise<Json> => {
  const { visit, integration, resource } = task;
  if (left.result !== undefined) return Promise.resolve(left.result);
  if (left.failure) return Promise.reject(new StateFailure(left.failure.error, left.failure.cause));
  visit.token = left.token;
  return withinTime(task, left.deadline, async (abort) => {
    if (left.submitted !== undefined && left.token !== undefined) {
      return awaitToken({ ...task, abort, token: left.token, heartbeatSeconds: left.heartbeatSeconds });
    }
    if (left.submitted !== undefined && integration.waitForEnd) return waitForEnd(task, left.submitted, abort);
    if (left.token === undefined && integration.isRepeatable) {
      const { parameters } = await evaluateFields(visit);
      if (integration.isRepeatable(parameters)) return callAndWait(task, parameters, abort);
    }
    throw new StateFailure(
      `${integration.errorPrefix}.SdkClientException`,
      `Step Functions stopped while the call of ${resource.resourceType}:${resource.resource} was under way. ` +
        'Whether the call was carried out is unknown.',
    );
  });
};

const evaluateFields = async (visit: Visit<TaskState>) => {
  const { Arguments, TimeoutSeconds, HeartbeatSeconds } = visit.state;
  const bindings = bindingsOf(visit);
  const seconds = (field: number | string | undefined, location: string) =>
    field === undefined ? undefined : evaluateInteger(field, bindings, location, { minimum: 1, maximum: MAX_SECONDS });
  return {
    parameters: Arguments === undefined ? visit.input : await evaluateTemplate(Arguments, bindings, 'Arguments'),
    timeoutSeconds: await seconds(TimeoutSeconds, 'TimeoutSeconds'),
    heartbeatSeconds: await seconds(HeartbeatSeconds, 'HeartbeatSeconds'),
  };
};

const MAX_SECONDS = 99_999_999;

/** Runs a task's work until its deadline in epoch milliseconds; logs how it failed. A timeout has no cause. */
const withinTime = async (
  { visit, events }: Task,
  deadline: number | undefined,
  work: (abort: LinkedAbort) => Promise<Json>,
): Promise<Json> => {
  const abort = linkedAbort(visit.scope.signal);
  const cancel =
    deadline === undefined
      ? () => {}
      : alarmAt(deadline, () => abort.abort(new StateFailure('States.Timeout', undefined)));
  try {
    return await orAborted(work(abort), abort.signal);
  } catch (thrown) {
    const error = abort.signal.aborted ? abort.signal.reason : thrown;
    if (error instanceof StateFailure) events.failed(error);
    throw error;
  } finally {
    cancel();
    abort.release();
    abort.abort(new Interruption('settled'));
  }
};

const callAndWait = async (task: Task, parameters: Json, abort: LinkedAbort): Promise<Json> => {
  const answer = await task.integration.submit(parameters, abort);
  if (task.integration.waitForEnd) {
    task.events.submitted(JSON.stringify(answer));
    return waitForEnd(task, answer, abort);
  }
  task.events.succeeded(payloadText(answer, "task's result"));
  return answer;
};

const waitForEnd = async ({ integration, events }: Task, submitted: Json, abort: LinkedAbort): Promise<Json> => {
  const result = await integration.waitForEnd!(submitted, abort);
  events.succeeded(payloadText(result, "task's result"));
  return result;
};
