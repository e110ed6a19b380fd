import type { HistoryEventType } from '@aws-sdk/client-sfn';
import { detailsKey, inputMembers, outputMembers } from '../history.ts';
import type { StateFailure } from '../interpreter/failure.ts';
import type { Scope } from '../interpreter/scope.ts';
import type { EventNotes } from '../store/lines.ts';
import type { TaskResource } from './resources.ts';

/** Logs the life of one attempt of a task; `succeeded` and `failed` count once, the first of them. */
export interface TaskEvents {
  scheduled(parameters: string, limits: TaskLimits, notes: EventNotes): void;
  started(): void;
  submitted(output: string): void;
  succeeded(output: string): void;
  failed(failure: StateFailure): void;
}

interface TaskLimits {
  readonly timeoutInSeconds?: number;
  readonly heartbeatInSeconds?: number;
}

/** In the Lambda family for a function's ARN, in the Task family for everything else. */
export const taskEvents = (scope: Scope, target: TaskResource, region: string): TaskEvents => {
  const { ended, ...events } =
    target.kind === 'lambdaFunction' ? lambdaFunctionEvents(scope, target) : serviceEvents(scope, target, region);
  let hasEnded = false;
  const once = (end: () => void): void => {
    if (!hasEnded) end();
    hasEnded = true;
  };
  return {
    ...events,
    succeeded: (output) => once(() => ended({ output })),
    failed: (failure) => once(() => ended({ failure })),
  };
};

type FamilyEvents = Pick<TaskEvents, 'scheduled' | 'started' | 'submitted'> & {
  ended(end: { output: string; failure?: never } | { output?: never; failure: StateFailure }): void;
};

const lambdaFunctionEvents = (scope: Scope, { resource }: TaskResource): FamilyEvents => ({
  scheduled(parameters, { timeoutInSeconds }, notes) {
    const details = { resource, ...inputMembers(parameters), ...(timeoutInSeconds && { timeoutInSeconds }) };
    scope.run.log(scope, 'LambdaFunctionScheduled', { lambdaFunctionScheduledEventDetails: details }, notes);
  },
  started: () => {
    scope.run.log(scope, 'LambdaFunctionStarted');
  },
  submitted: () => {},
  ended({ output, failure }) {
    const type = failure
      ? isTimeout(failure)
        ? 'LambdaFunctionTimedOut'
        : 'LambdaFunctionFailed'
      : 'LambdaFunctionSucceeded';
    const details = failure ? failureMembers(failure) : outputMembers(output!);
    scope.run.log(scope, type, { [detailsKey(type)]: details });
  },
});

const serviceEvents = (
  scope: Scope,
  { resourceType, resource, pattern }: TaskResource,
  region: string,
): FamilyEvents => {
  let isSubmitted = pattern === 'requestResponse';
  const log = (type: HistoryEventType, details: object = {}, notes?: EventNotes): void => {
    scope.run.log(scope, type, { [detailsKey(type)]: { resourceType, resource, ...details } }, notes);
  };
  return {
    scheduled: (parameters, limits, notes) => log('TaskScheduled', { region, parameters, ...limits }, notes),
    started: () => log('TaskStarted'),
    submitted(output) {
      isSubmitted = true;
      log('TaskSubmitted', outputMembers(output));
    },
    ended({ output, failure }) {
      if (!failure) log('TaskSucceeded', outputMembers(output!));
      else if (isTimeout(failure)) log('TaskTimedOut', failureMembers(failure));
      else log(isSubmitted ? 'TaskFailed' : 'TaskSubmitFailed', failureMembers(failure));
    },
  };
};

const isTimeout = ({ error }: StateFailure): boolean =>
  error === 'States.Timeout' || error === 'States.HeartbeatTimeout';

const failureMembers = ({ error, cause }: StateFailure) => ({ error, ...(cause !== undefined && { cause }) });
