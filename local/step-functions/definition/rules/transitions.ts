import type { State, StateMachineDefinition } from '../asl.ts';
import { type Diagnostic, fault, schemaFault } from '../diagnostic.ts';
import { ownStates, type PlacedSequence, sequencesOf, statesOf } from '../walk.ts';

/** Every way leads to a state beside it, every state is on a way, every way can end, and every name is used once. */
export function* transitions(definition: StateMachineDefinition): Generator<Diagnostic> {
  yield* names(definition);
  for (const placed of sequencesOf(definition)) {
    yield* targets(placed);
    yield* reachability(placed);
  }
}

function* names(definition: StateMachineDefinition): Generator<Diagnostic> {
  const places = new Map<string, string>();
  for (const { name, location } of statesOf(definition)) {
    const first = places.get(name);
    if (first !== undefined) {
      yield fault('DUPLICATE_STATE_NAMES', location, `The state name '${name}' is used at ${first} already`);
    }
    places.set(name, first ?? location);
    if (name.length < 1 || name.length > 80) yield schemaFault(location, "A state's name must have 1 to 80 characters");
  }
}

function* targets(placed: PlacedSequence): Generator<Diagnostic> {
  const { sequence, location } = placed;
  if (!Object.hasOwn(sequence.States, sequence.StartAt)) {
    yield missingTarget(`${location}/StartAt`, 'StartAt', sequence.StartAt);
  }
  for (const { state, location: at } of ownStates(placed)) {
    yield* endings(state, at);
    for (const [field, target] of waysOut(state)) {
      if (!Object.hasOwn(sequence.States, target)) yield missingTarget(`${at}/${field}`, field, target);
    }
  }
}

const missingTarget = (location: string, field: string, target: string): Diagnostic =>
  fault('MISSING_TRANSITION_TARGET', location, `Missing '${field.split('/').at(-1)}' target: ${target}`);

function* endings(state: State, location: string): Generator<Diagnostic> {
  if (state.Type === 'Choice' || state.Type === 'Succeed' || state.Type === 'Fail') return;
  if ((state.Next === undefined) === (state.End === undefined)) {
    yield schemaFault(location, `A ${state.Type} state must have exactly one of Next and End`);
  }
}

/** The fields of a state that name another, with what they name. */
const waysOut = (state: State): [field: string, target: string][] => {
  const ways: [string, string][] = [];
  if ('Next' in state && state.Next !== undefined) ways.push(['Next', state.Next]);
  if ('Catch' in state) for (const [i, { Next }] of (state.Catch ?? []).entries()) ways.push([`Catch/${i}/Next`, Next]);
  if (state.Type !== 'Choice') return ways;
  for (const [i, { Next }] of state.Choices.entries()) ways.push([`Choices/${i}/Next`, Next]);
  if (state.Default !== undefined) ways.push(['Default', state.Default]);
  return ways;
};

function* reachability({ sequence, location }: PlacedSequence): Generator<Diagnostic> {
  const reached = new Set<string>();
  const waiting = [sequence.StartAt];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const state = Object.hasOwn(sequence.States, name) ? sequence.States[name] : undefined;
    if (!state || reached.has(name)) continue;
    reached.add(name);
    waiting.push(...waysOut(state).map(([, target]) => target));
  }
  for (const name of Object.keys(sequence.States)) {
    if (reached.has(name)) continue;
    yield fault('MISSING_TRANSITION_TARGET', `${location}/States/${name}`, `State "${name}" is not reachable`);
  }
  const canEnd = [...reached].some((name) => isTerminal(sequence.States[name]!));
  if (!canEnd && reached.size > 0) {
    yield fault('MISSING_TERMINAL_STATE', `${location}/States`, 'No state reached from StartAt ends the sequence');
  }
}

const isTerminal = (state: State): boolean =>
  state.Type === 'Succeed' || state.Type === 'Fail' || ('End' in state && state.End === true);
