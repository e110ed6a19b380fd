import type { HistoryEventType } from '@aws-sdk/client-sfn';
import type { MapState, ParallelState, State, StateSequence, TaskState } from '../definition/asl.ts';
import type { Json, JsonObject } from '../json.ts';
import type { ExecutionRecord } from '../store/execution-store.ts';
import type { EventNotes } from '../store/lines.ts';
import type { Environment } from './environment.ts';
import type { Progress, VisitProgress } from './progress.ts';

/** States that run one after the other with variables of their own: the machine, a branch or an iteration. */
export interface Scope {
  readonly run: ExecutionRun;
  /** Its name in the journal: empty for the machine, else `<outer scope>/<id of the …Started event>.<index>`. */
  readonly key: string;
  readonly states: Readonly<Record<string, State>>;
  readonly signal: AbortSignal;
  /** `Map.Item` of the context, inside a Map state. */
  readonly mapItem: JsonObject | undefined;
  /** Those of outer scopes included: nothing can change them while this one runs. */
  variables: Readonly<JsonObject>;
  previousEventId: number;
}

/** What a scope knows of the execution that it belongs to. */
export interface ExecutionRun {
  readonly record: ExecutionRecord;
  readonly environment: Environment;
  /** `Execution` and `StateMachine` of the context object. */
  readonly context: JsonObject;
  readonly progress: Progress;
  readonly isRedriven: boolean;
  /** Logs an event in a scope and returns its id. Interrupts the execution when its history is full. */
  log(scope: Scope, type: HistoryEventType, details?: object, notes?: EventNotes): number;
  /** Resolves when all that was logged is on disk. */
  flushed(): Promise<void>;
  logRetry(scope: Scope, retrier: number, dueAt: number): void;
  /** Runs a scope from `start`, or from where its progress says, to its end; gives its output. */
  runSequence(scope: Scope, start: { readonly name: string; readonly input: Json }): Promise<Json>;
}

/** A state of a scope that is being run, with what it was entered with. */
export interface Visit<S extends State = State> {
  readonly scope: Scope;
  readonly state: S;
  readonly name: string;
  readonly input: Json;
  readonly enteredEventId: number;
  /** Epoch milliseconds. */
  readonly enteredAt: number;
  /** What an earlier process, or the run before a redrive, left of the attempt; only the first attempt takes it up. */
  progress: VisitProgress | undefined;
  retryCount: number;
  /** The callback's token, in states that wait for one. */
  token: string | undefined;
}

/** Whether a state can be retried and caught. */
export const isFallible = (visit: Visit): visit is Visit<TaskState | ParallelState | MapState> =>
  visit.state.Type === 'Task' || visit.state.Type === 'Parallel' || visit.state.Type === 'Map';

/** How a state ends. */
export interface Outcome {
  readonly output: Json;
  readonly outputText: string;
  readonly assigned: JsonObject | undefined;
  /** null at the end of the scope. */
  readonly next: string | null;
}

/** The scope of a branch or an iteration of a visit's state. */
export const innerScope = (
  { scope }: Visit,
  { startedEventId, index, sequence, signal, mapItem }: InnerScope,
): Scope => {
  const key = `${scope.key}/${startedEventId}.${index}`;
  const progress = scope.run.progress.get(key);
  return {
    run: scope.run,
    key,
    states: sequence.States,
    signal,
    mapItem: mapItem ?? scope.mapItem,
    variables: progress ? { ...scope.variables, ...progress.variables } : scope.variables,
    previousEventId: progress?.previousEventId ?? scope.previousEventId,
  };
};

interface InnerScope {
  readonly startedEventId: number;
  readonly index: number;
  readonly sequence: StateSequence;
  readonly signal: AbortSignal;
  readonly mapItem?: JsonObject;
}
