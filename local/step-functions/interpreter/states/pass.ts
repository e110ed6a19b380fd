import type { PassState, SucceedState } from '../../definition/asl.ts';
import { complete } from '../complete.ts';
import { bindingsOf } from '../context.ts';
import type { Outcome, Visit } from '../scope.ts';

/** Pass and Succeed: the output is `Output`, or else the input. */
export const runPass = (visit: Visit<PassState | SucceedState>): Promise<Outcome> =>
  complete(visit, visit.state, { bindings: bindingsOf(visit), fallback: visit.input });
