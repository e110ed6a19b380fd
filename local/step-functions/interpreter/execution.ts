import type { StateSequence } from '../definition/asl.ts';
import { inputMembers, outputMembers, type StoredEvent } from '../history.ts';
import type { Json, JsonObject } from '../json.ts';
import { type ExecutionRecord, isHistoryFull } from '../store/execution-store.ts';
import type { EventNotes } from '../store/lines.ts';
import { type LinkedAbort, linkedAbort } from './abort.ts';
import { isoTime } from './context.ts';
import type { Environment } from './environment.ts';
import { Interruption, ownFailure, StateFailure } from './failure.ts';
import type { Progress } from './progress.ts';
import type { ExecutionRun, Scope } from './scope.ts';
import { runSequence } from './sequence.ts';
import { alarmAt } from './timers.ts';

/** An execution to run: new, resumed after a restart, or redriven. */
export interface ExecutionPlan {
  readonly record: ExecutionRecord;
  readonly sequence: StateSequence;
  /** Of the machine. */
  readonly timeoutSeconds: number | undefined;
  readonly inputText: string;
  /** Aborted with an Interruption when everything above the execution ends. */
  readonly signal: AbortSignal;
  readonly begin: { readonly as: 'new' } | { readonly as: 'resumed' | 'redriven'; readonly progress: Progress };
}

/** An execution that runs in this process. */
export interface LiveExecution {
  readonly record: ExecutionRecord;
  /** Ends it as ABORTED. */
  stop(error: string | undefined, cause: string | undefined): void;
  /**
   * Resolves, never rejects, when its last event is logged and on disk, or the server shuts down; to the output when it
   * succeeded.
   */
  readonly closed: Promise<Json | undefined>;
}

/** Starts an execution; its first event is logged before this returns. */
export const startExecution = (environment: Environment, plan: ExecutionPlan): LiveExecution => {
  const { record } = plan;
  logBeginning(environment, plan);
  const abort = linkedAbort(plan.signal);
  const scope = rootScope(environment, plan, abort);
  const cancelTimeout = watchTimeout(plan, abort);
  const closed = runToEnd(scope, plan).finally(async () => {
    cancelTimeout();
    abort.release();
    environment.live.delete(record.arn);
    await record.family.journal.flushed().catch(() => {}); // the journal's failure has ended the execution already
  });
  const stop = (error = '', cause?: string) => abort.abort(new Interruption('stopped', new StateFailure(error, cause)));
  const execution = { record, stop, closed };
  environment.live.set(record.arn, execution);
  return execution;
};

const logBeginning = (environment: Environment, { record, inputText, begin }: ExecutionPlan): void => {
  if (begin.as === 'new') {
    const details = { ...inputMembers(inputText), roleArn: record.roleArn };
    write(environment, record, { type: 'ExecutionStarted', executionStartedEventDetails: details });
  } else if (begin.as === 'redriven') {
    const details = { redriveCount: record.redriveCount + 1 };
    const previousEventId = record.events.length;
    write(environment, record, { type: 'ExecutionRedriven', previousEventId, executionRedrivenEventDetails: details });
  }
};

const write = (
  { store, onEvent }: Environment,
  record: ExecutionRecord,
  event: Omit<StoredEvent, 'id' | 'timestamp' | 'previousEventId'> & { previousEventId?: number },
  { scope = '', notes = {} }: { scope?: string; notes?: EventNotes | undefined } = {},
): number => {
  const stored = { timestamp: Date.now(), previousEventId: 0, ...event, id: record.events.length + 1 };
  store.logEvent(record, scope, stored, notes);
  onEvent?.(record.arn, stored);
  return stored.id;
};

const rootScope = (environment: Environment, plan: ExecutionPlan, abort: LinkedAbort): Scope => {
  const { record, sequence, inputText, begin } = plan;
  const progress: Progress = begin.as === 'new' ? new Map() : begin.progress;
  const root = progress.get('');
  const run: ExecutionRun = {
    record,
    environment,
    progress,
    isRedriven: begin.as === 'redriven',
    context: contextOf(record, JSON.parse(inputText) as Json),
    log(scope, type, details, notes) {
      if (isHistoryFull(record) && !type.startsWith('Execution')) throw endOverflowing(abort);
      const { key, previousEventId } = scope;
      scope.previousEventId = write(environment, record, { type, previousEventId, ...details }, { scope: key, notes });
      return scope.previousEventId;
    },
    flushed: () => record.family.journal.flushed(),
    logRetry: (scope, retrier, dueAt) => environment.store.logRetry(record, scope.key, retrier, dueAt),
    runSequence,
  };
  return {
    run,
    key: '',
    states: sequence.States,
    signal: abort.signal,
    mapItem: undefined,
    variables: root?.variables ?? {},
    previousEventId: root?.previousEventId ?? 0,
  };
};

/** The last place in the history is kept for the event that closes the execution. */
const endOverflowing = (abort: LinkedAbort): Interruption => {
  const overflow = new Interruption('broken', HISTORY_FULL);
  abort.abort(overflow);
  return overflow;
};

const HISTORY_FULL = ownFailure(
  'States.Runtime',
  'The execution reached the maximum number of history events (25000).',
);

const contextOf = (record: ExecutionRecord, input: Json): JsonObject => ({
  Execution: {
    Id: record.arn,
    Input: input,
    Name: record.name,
    RoleArn: record.roleArn,
    StartTime: isoTime(record.startDate),
    RedriveCount: record.redriveCount,
    ...(record.redriveDate !== undefined && { RedriveTime: isoTime(record.redriveDate) }),
  },
  StateMachine: { Id: record.stateMachineArn, Name: record.stateMachineName },
});

/** The machine's time counts from the start, or from the redrive. */
const watchTimeout = ({ record, timeoutSeconds }: ExecutionPlan, abort: LinkedAbort): (() => void) => {
  if (timeoutSeconds === undefined) return () => {};
  const begin = record.redriveDate ?? record.startDate;
  return alarmAt(begin + timeoutSeconds * 1000, () => abort.abort(new Interruption('timedOut')));
};

const runToEnd = async (scope: Scope, { sequence, inputText }: ExecutionPlan): Promise<Json | undefined> => {
  try {
    const output = await runSequence(scope, { name: sequence.StartAt, input: JSON.parse(inputText) as Json });
    scope.run.log(scope, 'ExecutionSucceeded', {
      executionSucceededEventDetails: outputMembers(JSON.stringify(output)),
    });
    return output;
  } catch (error) {
    if (error instanceof Interruption) INTERRUPTED[error.kind]?.(scope, error.failure);
    else logFailed(scope, error as StateFailure);
    return undefined;
  }
};

/** After a shutdown nothing is logged: the execution stays RUNNING on disk, and the next process goes on with it. */
const INTERRUPTED: Partial<Record<Interruption['kind'], (scope: Scope, failure: StateFailure | undefined) => void>> = {
  stopped: (scope, failure) =>
    scope.run.log(scope, 'ExecutionAborted', { executionAbortedEventDetails: failureMembers(failure) }),
  timedOut: (scope) => scope.run.log(scope, 'ExecutionTimedOut'),
  broken: (scope, failure) => logFailed(scope, failure!),
};

/** A missed heartbeat is reported as a timeout, as AWS does. */
const logFailed = (scope: Scope, { error, cause }: StateFailure): void => {
  const reported = new StateFailure(error === 'States.HeartbeatTimeout' ? 'States.Timeout' : error, cause);
  scope.run.log(scope, 'ExecutionFailed', { executionFailedEventDetails: failureMembers(reported) });
};

const failureMembers = (failure: StateFailure | undefined) => ({
  ...(failure?.error && { error: failure.error }),
  ...(failure?.cause !== undefined && { cause: failure.cause }),
});
