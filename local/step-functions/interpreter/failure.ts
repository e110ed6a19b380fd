/**
 * A state's failure: the pair that `Retry`, `Catch` and DescribeExecution work with.
 *
 * `cause` is final when it came from a service or a Fail state; the interpreter's own causes get a preface that names
 * the state once, at the innermost state.
 */
export class StateFailure extends Error {
  override readonly name = 'StateFailure';
  readonly error: string;
  override readonly cause: string | undefined;
  readonly isOwn: boolean;

  constructor(error: string, cause: string | undefined, { isOwn = false }: { isOwn?: boolean } = {}) {
    super(cause === undefined ? error : `${error}: ${cause}`);
    this.error = error;
    this.cause = cause;
    this.isOwn = isOwn;
  }
}

/** A failure that the interpreter itself raises, with one of the `States.*` names. */
export const ownFailure = (error: string, cause: string): StateFailure =>
  new StateFailure(error, cause, { isOwn: true });

/** An expression that failed, or a value of the wrong type or range where an expression gave it. */
export class EvaluationFailure extends StateFailure {
  /** The field, relative to the state: `Output/a/b[0]`. */
  readonly location: string;

  constructor(cause: string, location: string) {
    super('States.QueryEvaluationError', cause, { isOwn: true });
    this.location = location;
  }
}

/** Why a running scope was cut off; the reason of its AbortSignal. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  /**
   * `stopped` by StopExecution or a failed Map Run, `timedOut` by the machine's own limit, `sibling` by a failure next
   * to it, `settled` because its outcome is known, `broken` by a failure that no state may catch, `shutdown` because the
   * server ends: the execution stays RUNNING on disk.
   */
  readonly kind: 'stopped' | 'timedOut' | 'sibling' | 'settled' | 'shutdown' | 'broken';
  readonly failure: StateFailure | undefined;

  constructor(kind: Interruption['kind'], failure?: StateFailure) {
    super(`The execution was interrupted: ${kind}`);
    this.kind = kind;
    this.failure = failure;
  }
}
