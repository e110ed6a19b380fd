/** What an environment reports instead of a result, in the JSON that Lambda answers. */
export interface FunctionError {
  /** The thrown error's own name, so that a state machine can retry and catch by it. */
  readonly errorType: string;
  readonly errorMessage: string;
  /** The stack, a line an element. */
  readonly trace?: readonly string[];
}

/** The host asks an environment to handle one event; it sends the next only after the answer. */
export interface InvokeMessage {
  readonly requestId: string;
  /** The event's JSON text. */
  readonly payload: string;
  readonly functionArn: string;
  /** Epoch milliseconds at which the host kills the environment. */
  readonly deadline: number;
  readonly logGroupName: string;
  readonly logStreamName: string;
  /** Base64 of the caller's `ClientContext` JSON. */
  readonly clientContext?: string;
}

/** What an environment tells its host. */
export type RuntimeMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'succeeded'; readonly result: string; readonly maxMemoryMb: number }
  | { readonly type: 'failed'; readonly error: FunctionError; readonly maxMemoryMb: number }
  /** The environment cannot go on: its handler did not load, or an exception escaped the handler. */
  | { readonly type: 'broken'; readonly error: FunctionError };

/** The largest JSON a function may return, in bytes: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const MAX_RESPONSE_BYTES = 6_291_556;
