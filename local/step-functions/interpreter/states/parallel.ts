import type { ParallelState } from '../../definition/asl.ts';
import type { Json } from '../../json.ts';
import { linkedAbort } from '../abort.ts';
import { withRetryAndCatch } from '../attempts.ts';
import { complete, payloadText } from '../complete.ts';
import { bindingsOf } from '../context.ts';
import { runTogether } from '../run-together.ts';
import { innerScope, type Outcome, type Visit } from '../scope.ts';
import { evaluateTemplate } from '../template.ts';

/** Parallel: all branches at once; the first failure ends the others and is the state's own. */
export const runParallel = (visit: Visit<ParallelState>): Promise<Outcome> => withRetryAndCatch(visit, attempt);

const attempt = async (visit: Visit<ParallelState>): Promise<Outcome> => {
  const { scope, state } = visit;
  const input =
    state.Arguments === undefined
      ? visit.input
      : await evaluateTemplate(state.Arguments, bindingsOf(visit), 'Arguments');
  payloadText(input, "branches' input");
  const startedEventId = visit.progress?.startedEventId ?? scope.run.log(scope, 'ParallelStateStarted');
  const branches = linkedAbort(scope.signal);
  let result: Json[];
  try {
    result = await runTogether(
      state.Branches.entries(),
      { concurrency: state.Branches.length, abort: branches },
      async ([index, sequence]) => {
        const branch = innerScope(visit, { startedEventId, index, sequence, signal: branches.signal });
        const output = await scope.run.runSequence(branch, { name: sequence.StartAt, input });
        scope.previousEventId = branch.previousEventId;
        return output;
      },
    );
    scope.run.log(scope, 'ParallelStateSucceeded');
  } catch (failure) {
    if (!scope.signal.aborted) scope.run.log(scope, 'ParallelStateFailed');
    throw failure;
  } finally {
    branches.release();
  }
  return complete(visit, state, { bindings: bindingsOf(visit, { result }), fallback: result });
};
