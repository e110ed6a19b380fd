import type { MapState } from '../definition/asl.ts';
import { complete } from '../interpreter/complete.ts';
import { bindingsOf } from '../interpreter/context.ts';
import { explain } from '../interpreter/explain.ts';
import type { Outcome, Visit } from '../interpreter/scope.ts';
import type { Json } from '../json.ts';
import type { Roles } from '../tasks/roles.ts';
import { openItemSource } from './item-source.ts';
import { openMapRun, performMapRun } from './map-run.ts';
import { resultOf } from './result.ts';

/** One attempt of a Distributed Map: a Map Run whose children are executions with histories of their own. */
export const attemptDistributedMap =
  (roles: Roles) =>
  async (visit: Visit<MapState>): Promise<Outcome> => {
    const { scope, state } = visit;
    const session = roles.sessionOf(scope.run.record);
    const source = await openItemSource(visit, session.clients);
    if (visit.progress?.startedEventId === undefined) {
      const length = state.ItemReader ? 0 : source.total;
      scope.run.log(scope, 'MapStateStarted', { mapStateStartedEventDetails: { length } });
    }
    let result: Json;
    try {
      const mapRun = await openMapRun(visit, source.total);
      await performMapRun(visit, mapRun, { source, session });
      result = await resultOf(visit, mapRun);
      scope.run.log(scope, 'MapStateSucceeded');
    } catch (thrown) {
      if (scope.signal.aborted) throw thrown;
      const failure = explain(visit, thrown);
      scope.run.log(scope, 'MapStateFailed');
      throw failure;
    }
    return complete(visit, state, { bindings: bindingsOf(visit, { result }), fallback: result });
  };
