import type { MapState } from '../definition/asl.ts';
import { bindingsOf } from '../interpreter/context.ts';
import { EvaluationFailure } from '../interpreter/failure.ts';
import type { Visit } from '../interpreter/scope.ts';
import { evaluateInteger, evaluateTemplate } from '../interpreter/template.ts';

/** How a Map Run runs; UpdateMapRun can change it while it does. */
export interface MapRunSettings {
  /** 0 is as many as the laptop allows. */
  readonly maxConcurrency: number;
  readonly toleratedFailureCount: number;
  readonly toleratedFailurePercentage: number;
}

export const evaluateSettings = async (visit: Visit<MapState>): Promise<MapRunSettings> => {
  const { MaxConcurrency = 0, ToleratedFailureCount = 0 } = visit.state;
  const bindings = bindingsOf(visit);
  const range = { minimum: 0, maximum: Number.MAX_SAFE_INTEGER };
  return {
    maxConcurrency: await evaluateInteger(MaxConcurrency, bindings, 'MaxConcurrency', range),
    toleratedFailureCount: await evaluateInteger(ToleratedFailureCount, bindings, 'ToleratedFailureCount', range),
    toleratedFailurePercentage: await evaluatePercentage(visit),
  };
};

const evaluatePercentage = async (visit: Visit<MapState>): Promise<number> => {
  const field = 'ToleratedFailurePercentage';
  const value = await evaluateTemplate(visit.state[field] ?? 0, bindingsOf(visit), field);
  if (typeof value === 'number' && value >= 0 && value <= 100) return value;
  throw new EvaluationFailure(
    `The field '${field}' must be a number from 0 to 100, but is ${JSON.stringify(value)}.`,
    field,
  );
};

/**
 * Whether more items failed than the settings tolerate: a count of 0 and a percentage of 0 together tolerate none; where
 * only one of them is set, only that one counts.
 *
 * @param total all items of the run; undefined while a reader goes on.
 */
export const exceedsTolerance = (
  { toleratedFailureCount: count, toleratedFailurePercentage: percentage }: MapRunSettings,
  failed: number,
  total: number | undefined,
): boolean => {
  if (count === 0 && percentage === 0) return failed > 0;
  if (count > 0 && failed > count) return true;
  return percentage > 0 && total !== undefined && (failed / total) * 100 > percentage;
};
