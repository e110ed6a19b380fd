import type { JsonObject } from '../json.ts';
import type { Bindings } from '../jsonata/evaluate.ts';
import type { Visit } from './scope.ts';

/** What the expressions of a state see: the variables as on entry, and `$states`. */
export const bindingsOf = (
  visit: Visit,
  more: { result?: unknown; errorOutput?: unknown; mapItem?: JsonObject } = {},
): Bindings => {
  const { mapItem = visit.scope.mapItem, ...results } = more;
  return {
    ...visit.scope.variables,
    states: { input: visit.input, context: contextOf(visit, mapItem), ...results },
  };
};

/** The context object, https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html */
const contextOf = (
  { scope, name, enteredAt, retryCount, token }: Visit,
  mapItem: JsonObject | undefined,
): JsonObject => ({
  ...scope.run.context,
  State: { Name: name, EnteredTime: isoTime(enteredAt), RetryCount: retryCount },
  ...(token !== undefined && { Task: { Token: token } }),
  ...(mapItem && { Map: { Item: mapItem } }),
});

/** ISO 8601 as AWS writes it here: without trailing zeros in the fraction. */
export const isoTime = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(/\.?0+Z$/, 'Z');
