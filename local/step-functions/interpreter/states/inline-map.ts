import { type MapState, processorOf } from '../../definition/asl.ts';
import type { Json, JsonObject } from '../../json.ts';
import { linkedAbort } from '../abort.ts';
import { complete, payloadText } from '../complete.ts';
import { bindingsOf } from '../context.ts';
import { Interruption } from '../failure.ts';
import { runTogether } from '../run-together.ts';
import { innerScope, type Outcome, type Scope, type Visit } from '../scope.ts';
import { evaluateInteger, evaluateTemplate } from '../template.ts';
import { itemsOfState } from './map-items.ts';

/** One attempt of an inline Map: iterations inside this execution, at most 40 at a time. */
export const attemptInlineMap = async (visit: Visit<MapState>): Promise<Outcome> => {
  const { scope, state } = visit;
  const bindings = bindingsOf(visit);
  const items = await itemsOfState(visit);
  const wanted = await evaluateInteger(state.MaxConcurrency ?? 0, bindings, 'MaxConcurrency', {
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
  });
  const startedEventId =
    visit.progress?.startedEventId ??
    scope.run.log(scope, 'MapStateStarted', { mapStateStartedEventDetails: { length: items.length } });
  const iterations = linkedAbort(scope.signal);
  let result: Json[];
  try {
    result = await runTogether(
      items.entries(),
      { concurrency: Math.min(wanted || MAX_CONCURRENCY, MAX_CONCURRENCY), abort: iterations },
      ([index, mapItem]) => runIteration(visit, { startedEventId, index, mapItem, signal: iterations.signal }),
    );
    scope.run.log(scope, 'MapStateSucceeded');
  } catch (failure) {
    if (!scope.signal.aborted) scope.run.log(scope, 'MapStateFailed');
    throw failure;
  } finally {
    iterations.release();
  }
  return complete(visit, state, { bindings: bindingsOf(visit, { result }), fallback: result });
};

/** AWS's limit of inline iterations that run at a time. */
const MAX_CONCURRENCY = 40;

interface Iteration {
  readonly startedEventId: number;
  readonly index: number;
  readonly mapItem: JsonObject;
  readonly signal: AbortSignal;
}

const runIteration = async (
  visit: Visit<MapState>,
  { startedEventId, index, mapItem, signal }: Iteration,
): Promise<Json> => {
  const { scope, state, name } = visit;
  const sequence = processorOf(state);
  const iteration = innerScope(visit, { startedEventId, index, sequence, signal, mapItem });
  const details = { name, index };
  const isResumed = scope.run.progress.has(iteration.key);
  if (!isResumed) logIteration(iteration, 'Started', details);
  try {
    const input =
      state.ItemSelector === undefined
        ? mapItem.Value!
        : await evaluateTemplate(state.ItemSelector, bindingsOf(visit, { mapItem }), 'ItemSelector');
    payloadText(input, "iteration's input");
    const output = await scope.run.runSequence(iteration, { name: sequence.StartAt, input });
    if (!isResumed || scope.run.progress.get(iteration.key)?.output === undefined) {
      logIteration(iteration, 'Succeeded', details);
    }
    return output;
  } catch (error) {
    if (!(error instanceof Interruption)) logIteration(iteration, 'Failed', details);
    else if (error.kind === 'sibling' || error.kind === 'stopped') {
      logIteration(iteration, 'Aborted', details);
    }
    throw error;
  } finally {
    scope.previousEventId = iteration.previousEventId;
  }
};

const logIteration = (
  iteration: Scope,
  what: 'Started' | 'Succeeded' | 'Failed' | 'Aborted',
  details: { name: string; index: number },
): void => {
  iteration.run.log(iteration, `MapIteration${what}`, { [`mapIteration${what}EventDetails`]: details });
};
