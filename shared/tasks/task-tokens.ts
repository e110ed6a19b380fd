/** Step Functions' side of a waiting state: who holds its token may answer it, once. */
export interface TaskTokens {
  succeed(token: string, output: unknown): Promise<Receipt>;
  fail(token: string, failure: TaskFailure): Promise<Receipt>;
  /** Tells the waiting state that its job is still going. */
  heartbeat(token: string): Promise<Receipt>;
}

/** `gone`: nobody waits for the token any more; it was answered, timed out, or its execution ended. */
export type Receipt = 'accepted' | 'gone';

export interface TaskFailure {
  /** The name of one of our errors, for Retry and Catch. */
  readonly error: string;
  readonly cause: string;
}
