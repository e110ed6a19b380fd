import type { Json } from '../json.ts';

/** How a Task calls a service. Failures are StateFailures with the service's error name. */
export interface Integration {
  /** What stands before the dot of this service's errors: `Lambda`, `S3`. */
  readonly errorPrefix: string;
  /** Makes the call. */
  submit(parameters: Json, call: Call): Promise<Json>;
  /** Of `.sync` calls: waits for the end of what the call started; gives the task's result. */
  waitForEnd?(submitted: Json, call: Call): Promise<Json>;
  /** Whether the same call finds what a first one has started; false unless given. */
  isRepeatable?(parameters: Json): boolean;
}

export interface Call {
  readonly signal: AbortSignal;
}
