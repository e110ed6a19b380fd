import { EvaluationFailure, Interruption, StateFailure } from './failure.ts';
import type { Visit } from './scope.ts';

/**
 * The failure of a state as Retry, Catch and the history see it. An own cause of the interpreter gets its preface here,
 * once, and a failed expression its event.
 *
 * @throws the error itself when it is an interruption, which no state may catch.
 */
export const explain = (visit: Visit, thrown: unknown): StateFailure => {
  if (thrown instanceof Interruption) throw thrown;
  const failure = thrown instanceof StateFailure ? thrown : unexpected(thrown);
  if (!failure.isOwn) return failure;
  const explained = new StateFailure(
    failure.error,
    `An error occurred while executing the state '${visit.name}' (entered at the event id #${visit.enteredEventId}). ${failure.cause}`,
  );
  if (failure instanceof EvaluationFailure) logEvaluationFailed(visit, explained, failure.location);
  return explained;
};

const unexpected = (thrown: unknown): StateFailure =>
  new StateFailure('States.Runtime', thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown), {
    isOwn: true,
  });

const logEvaluationFailed = ({ scope, name }: Visit, { error, cause }: StateFailure, location: string): void => {
  scope.run.log(scope, 'EvaluationFailed', { evaluationFailedEventDetails: { error, cause, location, state: name } });
};
