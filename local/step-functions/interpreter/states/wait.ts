import type { WaitState } from '../../definition/asl.ts';
import { complete } from '../complete.ts';
import { bindingsOf } from '../context.ts';
import { EvaluationFailure } from '../failure.ts';
import type { Outcome, Visit } from '../scope.ts';
import { evaluateInteger, evaluateTemplate } from '../template.ts';
import { sleepUntil } from '../timers.ts';

/** Wait: until so many seconds after its entry, or until a time of day; a time in the past is over at once. */
export const runWait = async (visit: Visit<WaitState>): Promise<Outcome> => {
  const bindings = bindingsOf(visit);
  const { Seconds, Timestamp } = visit.state;
  const until =
    Seconds === undefined
      ? epochMilliseconds(await evaluateTemplate(Timestamp!, bindings, 'Timestamp'))
      : visit.enteredAt +
        1000 * (await evaluateInteger(Seconds, bindings, 'Seconds', { minimum: 0, maximum: MAX_SECONDS }));
  await sleepUntil(until, visit.scope.signal);
  return complete(visit, visit.state, { bindings, fallback: visit.input });
};

const MAX_SECONDS = 99_999_999;

/** The profile of RFC 3339 that Step Functions wants: `T` and `Z` in capitals. */
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

const epochMilliseconds = (value: unknown): number => {
  const time = typeof value === 'string' && TIMESTAMP.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new EvaluationFailure(
    `The field 'Timestamp' must be a time like 2026-11-24T09:00:00Z, but is ${JSON.stringify(value)}.`,
    'Timestamp',
  );
};
