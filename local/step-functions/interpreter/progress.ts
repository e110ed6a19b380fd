import type { HistoryEventType } from '@aws-sdk/client-sfn';
import type { Json, JsonObject } from '../json.ts';
import type { EventLine, JournalLine } from '../store/lines.ts';

/** How far an execution came, scope by scope, as its journal tells: where resuming and redriving go on. */
export type Progress = ReadonlyMap<string, ScopeProgress>;

export interface ScopeProgress {
  previousEventId: number;
  variables: JsonObject;
  /** The state that was entered and not left. */
  visit?: VisitProgress;
  /** The state that comes next, where a crash fell between leaving one and entering the other. */
  upcoming?: { readonly name: string; readonly input: Json };
  /** The scope's own output, when its last state was left. */
  output?: Json;
}

export interface VisitProgress {
  readonly name: string;
  readonly input: Json;
  readonly enteredEventId: number;
  readonly enteredAt: number;
  /** Retries that each Retrier made. */
  retries: Record<number, number>;
  retryDueAt?: number;
  /** The `…StateStarted` event whose branches or iterations are under way; their scopes are named after it. */
  startedEventId?: number;
  mapRunArn?: string;
  task?: TaskProgress;
}

export interface TaskProgress {
  readonly token?: string;
  readonly deadline?: number;
  readonly heartbeatSeconds?: number;
  submitted?: Json;
  result?: Json;
  failure?: { readonly error: string; readonly cause: string | undefined };
}

/** Collects the lines of a family into the progress of those of its executions that are wanted, by their numbers. */
export const readProgress = async (
  lines: AsyncIterable<JournalLine>,
  isWanted: (number: number) => boolean,
): Promise<Map<number, Map<string, ScopeProgress>>> => {
  const executions = new Map<number, Map<string, ScopeProgress>>();
  for await (const line of lines) {
    if (line.kind === 'mapRun' || !isWanted(line.number)) continue;
    if (line.kind === 'opened') executions.set(line.number, new Map());
    else if (line.kind === 'event') applyEvent(scopeOf(executions.get(line.number)!, line.scope), line);
    else if (line.kind === 'retry') applyRetry(scopeOf(executions.get(line.number)!, line.scope), line);
  }
  return executions;
};

/**
 * The same progress with every unfinished state as if just entered: Retriers count from 0 and tasks start again.
 * Branches and iterations that ended well keep their outputs.
 */
export const forRedrive = (progress: ReadonlyMap<string, ScopeProgress>): Progress => {
  for (const { visit } of progress.values()) {
    if (!visit) continue;
    visit.retries = {};
    delete visit.retryDueAt;
    delete visit.task;
  }
  return progress;
};

const scopeOf = (scopes: Map<string, ScopeProgress>, key: string): ScopeProgress => {
  let scope = scopes.get(key);
  if (!scope) {
    scope = { previousEventId: 0, variables: {} };
    scopes.set(key, scope);
  }
  return scope;
};

const applyRetry = ({ visit }: ScopeProgress, line: { retrier: number; dueAt: number }): void => {
  if (!visit) return;
  visit.retries[line.retrier] = (visit.retries[line.retrier] ?? 0) + 1;
  visit.retryDueAt = line.dueAt;
  delete visit.task;
  delete visit.startedEventId;
  delete visit.mapRunArn;
};

const applyEvent = (scope: ScopeProgress, line: EventLine): void => {
  const { type } = line.event;
  if (!type.startsWith('Execution')) scope.previousEventId = line.event.id;
  if (type.endsWith('StateEntered')) enter(scope, line);
  else if (type.endsWith('StateExited')) exit(scope, line);
  else if (scope.visit) VISIT_CHANGES[type]?.(scope.visit, line);
};

const enter = (scope: ScopeProgress, { event }: EventLine): void => {
  const { name, input } = event.stateEnteredEventDetails!;
  delete scope.upcoming;
  scope.visit = {
    name: name!,
    input: JSON.parse(input!),
    enteredEventId: event.id,
    enteredAt: event.timestamp,
    retries: {},
  };
};

const exit = (scope: ScopeProgress, { event, next }: EventLine): void => {
  const { output, assignedVariables } = event.stateExitedEventDetails!;
  delete scope.visit;
  for (const [name, text] of Object.entries(assignedVariables ?? {})) scope.variables[name] = JSON.parse(text!);
  if (typeof next === 'string') scope.upcoming = { name: next, input: JSON.parse(output!) };
  else scope.output = JSON.parse(output!);
};

type VisitChange = (visit: VisitProgress, line: EventLine) => void;

const started: VisitChange = (visit, { event }) => {
  visit.startedEventId = event.id;
};

const scheduled: VisitChange = (visit, { token, deadline, heartbeatSeconds }) => {
  delete visit.retryDueAt;
  visit.task = {
    ...(token !== undefined && { token }),
    ...(deadline !== undefined && { deadline }),
    ...(heartbeatSeconds !== undefined && { heartbeatSeconds }),
  };
};

const succeeded: VisitChange = (visit, { event }) => {
  const details = event.taskSucceededEventDetails ?? event.lambdaFunctionSucceededEventDetails;
  if (visit.task) visit.task.result = JSON.parse(details!.output!);
};

const failed: VisitChange = (visit, { event }) => {
  const details =
    event.taskFailedEventDetails ??
    event.taskSubmitFailedEventDetails ??
    event.taskTimedOutEventDetails ??
    event.lambdaFunctionFailedEventDetails ??
    event.lambdaFunctionTimedOutEventDetails;
  if (visit.task) visit.task.failure = { error: details?.error ?? '', cause: details?.cause };
};

const VISIT_CHANGES: Partial<Record<HistoryEventType, VisitChange>> = {
  ParallelStateStarted: started,
  MapStateStarted: started,
  MapRunStarted: (visit, { event }) => {
    visit.mapRunArn = event.mapRunStartedEventDetails!.mapRunArn!;
  },
  TaskScheduled: scheduled,
  LambdaFunctionScheduled: scheduled,
  TaskSubmitted: (visit, { event }) => {
    if (visit.task) visit.task.submitted = JSON.parse(event.taskSubmittedEventDetails!.output!);
  },
  TaskSucceeded: succeeded,
  LambdaFunctionSucceeded: succeeded,
  TaskFailed: failed,
  TaskSubmitFailed: failed,
  TaskTimedOut: failed,
  LambdaFunctionFailed: failed,
  LambdaFunctionTimedOut: failed,
};
