import type { Template } from '../definition/asl.ts';
import { exceedsPayloadLimit, type Json, type JsonObject } from '../json.ts';
import type { Bindings } from '../jsonata/evaluate.ts';
import { ownFailure } from './failure.ts';
import type { Outcome, Visit } from './scope.ts';
import { evaluateTemplate } from './template.ts';

/**
 * Ends a state: evaluates `Assign` and `Output`, both with the variables as on entry.
 *
 * @param source the state, or the Choice rule or Catcher whose fields count.
 * @param location of the source relative to the state, with a slash at the end: `Catch[1]/`.
 * @throws StateFailure when an expression fails or a value is over its limit.
 */
export const complete = async (
  visit: Visit,
  source: { readonly Output?: Template; readonly Assign?: JsonObject; readonly Next?: string },
  { bindings, fallback, location = '' }: { bindings: Bindings; fallback: Json; location?: string },
): Promise<Outcome> => {
  const assigned =
    source.Assign && ((await evaluateTemplate(source.Assign, bindings, `${location}Assign`)) as JsonObject);
  if (assigned) checkVariables(visit, assigned);
  const output =
    source.Output === undefined ? fallback : await evaluateTemplate(source.Output, bindings, `${location}Output`);
  const outputText = payloadText(output, 'output');
  return { output, outputText, assigned, next: source.Next ?? null };
};

/**
 * A payload as JSON text, which every value that a state passes on must have been.
 *
 * @param what stands for in the error: `output`, `task's result`.
 * @throws StateFailure `States.DataLimitExceeded` when it has more than 256 KiB.
 */
export const payloadText = (value: Json, what: string): string => {
  const text = JSON.stringify(value);
  if (!exceedsPayloadLimit(text)) return text;
  throw ownFailure(
    'States.DataLimitExceeded',
    `The ${what} has ${Buffer.byteLength(text)} bytes, more than the 262144 that a state may carry. ` +
      'Put the data into S3 and pass a reference.',
  );
};

/** All variables that an execution sees together. */
const MAX_VARIABLES_BYTES = 10 * 1_048_576;

const checkVariables = ({ scope }: Visit, assigned: JsonObject): void => {
  payloadText(assigned, 'Assign');
  const size = Buffer.byteLength(JSON.stringify({ ...scope.variables, ...assigned }));
  if (size > MAX_VARIABLES_BYTES) {
    throw ownFailure('States.DataLimitExceeded', `The variables have ${size} bytes, more than ${MAX_VARIABLES_BYTES}.`);
  }
};
