import type { FailState } from '../../definition/asl.ts';
import { bindingsOf } from '../context.ts';
import { EvaluationFailure, StateFailure } from '../failure.ts';
import type { Visit } from '../scope.ts';
import { evaluateTemplate } from '../template.ts';

/** Fail: ends its scope with the error and cause that it names, unchanged. */
export const runFail = async (visit: Visit<FailState>): Promise<never> => {
  const error = await evaluateText(visit, 'Error');
  const cause = await evaluateText(visit, 'Cause');
  throw new StateFailure(error ?? '', cause);
};

const evaluateText = async (visit: Visit<FailState>, field: 'Error' | 'Cause'): Promise<string | undefined> => {
  const template = visit.state[field];
  if (template === undefined) return undefined;
  const value = await evaluateTemplate(template, bindingsOf(visit), field);
  if (typeof value === 'string') return value;
  throw new EvaluationFailure(`The field '${field}' must be a string, but is ${JSON.stringify(value)}.`, field);
};
