import type { Retrier } from '../definition/asl.ts';

/** The errors that only their own name catches. */
const ONLY_BY_NAME = ['States.DataLimitExceeded', 'States.Runtime'];

/** Whether an `ErrorEquals` names an error. `States.Runtime` is matched by nothing, not even by its name. */
export const matchesError = (errorEquals: readonly string[], error: string): boolean =>
  error !== 'States.Runtime' && errorEquals.some((name) => name === error || WILDCARDS.get(name)?.(error));

const isTimeout = (error: string): boolean => error === 'States.Timeout' || error === 'States.HeartbeatTimeout';

const WILDCARDS: ReadonlyMap<string, (error: string) => boolean> = new Map([
  ['States.ALL', (error: string) => !ONLY_BY_NAME.includes(error)],
  ['States.TaskFailed', (error: string) => !isTimeout(error) && !ONLY_BY_NAME.includes(error)],
  ['States.Timeout', isTimeout],
]);

/**
 * How long a Retrier waits before its next attempt, in seconds.
 *
 * @param retries that it made already.
 * @param random a number in [0, 1), for `JitterStrategy: FULL`.
 */
export const retryDelaySeconds = (
  { IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = Number.POSITIVE_INFINITY, JitterStrategy }: Retrier,
  retries: number,
  random: () => number = Math.random,
): number => {
  const delay = Math.min(IntervalSeconds * BackoffRate ** retries, MaxDelaySeconds);
  return JitterStrategy === 'FULL' ? delay * random() : delay;
};

export const DEFAULT_MAX_ATTEMPTS = 3;
