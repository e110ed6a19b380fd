import type { StateMachineDefinition } from '../asl.ts';
import { type Diagnostic, schemaFault } from '../diagnostic.ts';
import { statesOf } from '../walk.ts';

/** `States.ALL` stands alone and last, and other names that begin with `States.` are known ones. */
export function* errorNames(definition: StateMachineDefinition): Generator<Diagnostic> {
  for (const { state, location } of statesOf(definition)) {
    if (!('Retry' in state || 'Catch' in state)) continue;
    yield* check(state.Retry ?? [], `${location}/Retry`);
    yield* check(state.Catch ?? [], `${location}/Catch`);
  }
}

function* check(
  rules: readonly { readonly ErrorEquals: readonly string[] }[],
  location: string,
): Generator<Diagnostic> {
  for (const [index, { ErrorEquals }] of rules.entries()) {
    const at = `${location}/${index}/ErrorEquals`;
    if (ErrorEquals.includes('States.ALL')) {
      if (ErrorEquals.length > 1) yield schemaFault(at, "'States.ALL' must be alone in its ErrorEquals");
      if (index < rules.length - 1) yield schemaFault(at, "'States.ALL' must be in the last rule");
    }
    for (const name of ErrorEquals) {
      if (!name.startsWith('States.') || KNOWN.has(name)) continue;
      yield schemaFault(at, `'${name}' is no error of Step Functions; own names must not begin with 'States.'`);
    }
  }
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html */
const KNOWN = new Set([
  'States.ALL',
  'States.BranchFailed',
  'States.DataLimitExceeded',
  'States.ExceedToleratedFailureThreshold',
  'States.HeartbeatTimeout',
  'States.Http.Socket',
  'States.IntrinsicFailure',
  'States.ItemReaderFailed',
  'States.NoChoiceMatched',
  'States.ParameterPathFailure',
  'States.Permissions',
  'States.QueryEvaluationError',
  'States.ResultPathMatchFailure',
  'States.ResultWriterFailed',
  'States.Runtime',
  'States.TaskFailed',
  'States.Timeout',
]);
