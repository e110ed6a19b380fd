import type { State } from '../definition/asl.ts';
import { inputMembers, outputMembers } from '../history.ts';
import type { Json } from '../json.ts';
import { explain } from './explain.ts';
import { Interruption } from './failure.ts';
import type { ScopeProgress } from './progress.ts';
import type { Outcome, Scope, Visit } from './scope.ts';
import { runChoice } from './states/choice.ts';
import { runFail } from './states/fail.ts';
import { runMap } from './states/map.ts';
import { runParallel } from './states/parallel.ts';
import { runPass } from './states/pass.ts';
import { runTask } from './states/task.ts';
import { runWait } from './states/wait.ts';

/** Runs the states of a scope, one after the other, from `start` or from where its progress says. */
export const runSequence = async (scope: Scope, start: { name: string; input: Json }): Promise<Json> => {
  const progress = scope.run.progress.get(scope.key);
  if (progress && progress.output !== undefined) return progress.output;
  let { name, input } = progress?.upcoming ?? start;
  let visit = progress?.visit && resumedVisit(scope, progress);
  for (;;) {
    scope.signal.throwIfAborted();
    visit ??= enter(scope, name, input);
    const outcome = await runVisit(visit);
    leave(visit, outcome);
    if (outcome.next === null) return outcome.output;
    name = outcome.next;
    input = outcome.output;
    visit = undefined;
  }
};

const enter = (scope: Scope, name: string, input: Json): Visit => {
  const state = scope.states[name]!;
  const enteredAt = Date.now();
  const enteredEventId = scope.run.log(scope, `${state.Type}StateEntered`, {
    stateEnteredEventDetails: { name, ...inputMembers(JSON.stringify(input)) },
  });
  return { scope, state, name, input, enteredEventId, enteredAt, progress: undefined, retryCount: 0, token: undefined };
};

const resumedVisit = (scope: Scope, { visit }: ScopeProgress): Visit => {
  const { name, input, enteredEventId, enteredAt, retries } = visit!;
  const retryCount = Object.values(retries).reduce((sum, made) => sum + made, 0);
  const state = scope.states[name]!;
  return {
    scope,
    state,
    name,
    input,
    enteredEventId,
    enteredAt,
    progress: visit,
    retryCount,
    token: visit!.task?.token,
  };
};

/** Runs one state that was entered. */
export const runVisit = async (visit: Visit): Promise<Outcome> => {
  try {
    return await (RUNNERS[visit.state.Type] as (visit: Visit) => Promise<Outcome>)(visit);
  } catch (error) {
    if (error instanceof Interruption) logAborted(visit, error);
    throw explain(visit, error);
  }
};

const RUNNERS: { readonly [T in State['Type']]: (visit: Visit<Extract<State, { Type: T }>>) => Promise<Outcome> } = {
  Pass: runPass,
  Task: runTask,
  Choice: runChoice,
  Wait: runWait,
  Parallel: runParallel,
  Map: runMap,
  Succeed: runPass,
  Fail: runFail,
};

/** A state that a stop or a failure next to it cut off says so; one that ran out of the machine's time leaves no trace. */
const logAborted = ({ scope, state }: Visit, { kind }: Interruption): void => {
  const { Type } = state;
  const isLong = Type === 'Task' || Type === 'Wait' || Type === 'Parallel' || Type === 'Map';
  if (isLong && (kind === 'stopped' || kind === 'sibling')) scope.run.log(scope, `${Type}StateAborted`);
};

const leave = ({ scope, state, name }: Visit, { outputText, assigned, next }: Outcome): void => {
  const type = state.Type as Exclude<State['Type'], 'Fail'>;
  const assignedVariables =
    assigned &&
    Object.fromEntries(Object.entries(assigned).map(([variable, value]) => [variable, JSON.stringify(value)]));
  scope.run.log(
    scope,
    `${type}StateExited`,
    {
      stateExitedEventDetails: {
        name,
        ...outputMembers(outputText),
        ...(assignedVariables && { assignedVariables, assignedVariablesDetails: { truncated: false } }),
      },
    },
    { next },
  );
  if (assigned) scope.variables = { ...scope.variables, ...assigned };
};
