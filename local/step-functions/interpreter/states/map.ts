import { isDistributed, type MapState } from '../../definition/asl.ts';
import { withRetryAndCatch } from '../attempts.ts';
import type { Outcome, Visit } from '../scope.ts';
import { attemptInlineMap } from './inline-map.ts';

/** Map: iterations inside the execution, or child executions of a Map Run. */
export const runMap = (visit: Visit<MapState>): Promise<Outcome> =>
  withRetryAndCatch(
    visit,
    isDistributed(visit.state) ? visit.scope.run.environment.attemptDistributedMap : attemptInlineMap,
  );
