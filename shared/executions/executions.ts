/** Executions of a state machine, as the command line and the HTTP API see them. */
export interface Executions {
  /**
   * Starts an execution. With a `name` that is still running with the same input, it is the same execution.
   * Throws RunExistsError when that name was used for something else, or when that execution has ended.
   */
  start(request: StartRequest): Promise<{ readonly executionArn: string }>;
  /** Throws UnknownRunError when there is no such execution. */
  describe(executionArn: string): Promise<ExecutionDescription>;
  /** The executions of a state machine that are still going, newest first. */
  running(stateMachineArn: string): Promise<ExecutionDescription[]>;
  stop(executionArn: string, reason: string): Promise<void>;
  /** What happened after the event `eventId` (0: from the start), oldest first. */
  eventsAfter(executionArn: string, eventId: number): Promise<ExecutionEvent[]>;
  /** How far a Distributed Map has come. */
  mapProgress(mapRunArn: string): Promise<MapProgress>;
}

/** Counts of a Distributed Map's items. The total grows while the items are still being read. */
export interface MapProgress {
  readonly totalCount: number;
  readonly succeededCount: number;
  readonly failedCount: number;
}

export interface StartRequest {
  readonly stateMachineArn: string;
  readonly name: string;
  readonly input: unknown;
}

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'PENDING_REDRIVE';

/** False while the execution does something, or may do so without anybody starting it again. */
export const hasEnded = (status: ExecutionStatus): boolean => status !== 'RUNNING' && status !== 'PENDING_REDRIVE';

export interface ExecutionDescription {
  readonly executionArn: string;
  readonly status: ExecutionStatus;
  readonly input: unknown;
  readonly startedAt: Date;
  readonly stoppedAt?: Date;
  readonly output?: unknown;
  readonly error?: string;
  readonly cause?: string;
}

/** `arn:aws:states:…:stateMachine:pipeline` and a name give `arn:aws:states:…:execution:pipeline:<name>`. */
export const executionArnOf = (stateMachineArn: string, name: string): string =>
  `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;

/** The execution's name, which is the run's id. */
export const executionNameOf = (executionArn: string): string => executionArn.split(':')[7]!;

/** The ARN of the state machine that an execution is of. */
export const stateMachineArnOf = (executionArn: string): string =>
  executionArn.split(':').slice(0, 7).join(':').replace(':execution:', ':stateMachine:');

/** An event of an execution's history, reduced to what somebody who watches needs. */
export interface ExecutionEvent {
  readonly id: number;
  readonly at: Date;
  readonly kind:
    | 'entered'
    | 'exited'
    | 'childStarted'
    | 'mapRunStarted'
    | 'attemptStarted'
    | 'attemptSucceeded'
    | 'attemptFailed'
    | 'executionSucceeded'
    | 'executionBroken'
    | 'other';
  /** The state that was entered or exited. */
  readonly state?: string;
  /** Task, Map, Choice … of the state that was entered. */
  readonly stateType?: string;
  /** What a task answered. */
  readonly result?: unknown;
  /** The execution that a `startExecution.sync:2` task has started. */
  readonly childExecutionArn?: string;
  /** The Distributed Map that has started. */
  readonly mapRunArn?: string;
  /** What an attempt failed with. */
  readonly error?: string;
}
