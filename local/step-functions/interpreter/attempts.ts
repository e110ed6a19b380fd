import type { MapState, ParallelState, TaskState } from '../definition/asl.ts';
import { complete } from './complete.ts';
import { bindingsOf } from './context.ts';
import { explain } from './explain.ts';
import type { StateFailure } from './failure.ts';
import { DEFAULT_MAX_ATTEMPTS, matchesError, retryDelaySeconds } from './retry.ts';
import type { Outcome, Visit } from './scope.ts';
import { sleepUntil } from './timers.ts';

/** Runs a state that can fail: attempts it, retries as its Retriers say, then offers the failure to its Catchers. */
export const withRetryAndCatch = async <S extends TaskState | ParallelState | MapState>(
  visit: Visit<S>,
  attempt: (visit: Visit<S>) => Promise<Outcome>,
): Promise<Outcome> => {
  const retries: Record<number, number> = { ...visit.progress?.retries };
  if (visit.progress?.retryDueAt !== undefined) await sleepUntil(visit.progress.retryDueAt, visit.scope.signal);
  for (;;) {
    try {
      return await attempt(visit);
    } catch (thrown) {
      const failure = explain(visit, thrown);
      const retry = nextRetry(visit, failure, retries);
      if (!retry) return await catchFailure(visit, failure);
      retries[retry.retrier] = (retries[retry.retrier] ?? 0) + 1;
      visit.retryCount += 1;
      visit.progress = undefined;
      visit.scope.run.logRetry(visit.scope, retry.retrier, retry.dueAt);
      await sleepUntil(retry.dueAt, visit.scope.signal);
    }
  }
};

/** The Retrier that takes a failure on, and when its next attempt is due. */
export const nextRetry = (
  { state }: Visit<TaskState | ParallelState | MapState>,
  failure: StateFailure,
  retries: Record<number, number>,
): { retrier: number; dueAt: number } | undefined => {
  const retrier = state.Retry?.findIndex(({ ErrorEquals }) => matchesError(ErrorEquals, failure.error)) ?? -1;
  const rule = state.Retry?.[retrier];
  const made = retries[retrier] ?? 0;
  if (!rule || made >= (rule.MaxAttempts ?? DEFAULT_MAX_ATTEMPTS)) return undefined;
  return { retrier, dueAt: Date.now() + retryDelaySeconds(rule, made) * 1000 };
};

/** Offers a failure to the Catchers; throws it when none takes it. */
export const catchFailure = async (
  visit: Visit<TaskState | ParallelState | MapState>,
  failure: StateFailure,
): Promise<Outcome> => {
  const { Catch: catchers = [] } = visit.state;
  const index = catchers.findIndex(({ ErrorEquals }) => matchesError(ErrorEquals, failure.error));
  const catcher = catchers[index];
  if (!catcher) throw failure;
  const errorOutput = {
    Error: failure.error,
    ...(failure.cause !== undefined && { Cause: failure.cause }),
  };
  try {
    const bindings = bindingsOf(visit, { errorOutput });
    return await complete(visit, catcher, { bindings, fallback: errorOutput, location: `Catch[${index}]/` });
  } catch (thrown) {
    throw explain(visit, thrown);
  }
};
