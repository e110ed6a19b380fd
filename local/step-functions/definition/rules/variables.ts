import { isFunctionName } from '../../jsonata/function-names.ts';
import type { State, StateMachineDefinition } from '../asl.ts';
import { type Diagnostic, schemaFault } from '../diagnostic.ts';
import { ownStates, type PlacedSequence, sequencesOf } from '../walk.ts';

/** Variables have legal names, and an inner scope doesn't assign one of an outer scope. */
export function* variables(definition: StateMachineDefinition): Generator<Diagnostic> {
  for (const placed of sequencesOf(definition)) {
    const outer = placed.outer && !placed.isDistributed ? visibleVariables(placed.outer) : new Set<string>();
    for (const { state, location } of ownStates(placed)) {
      for (const [name, place] of assignments(state)) {
        const problem =
          nameProblem(name) ??
          (outer.has(name) ? `'${name}' belongs to an outer scope, which an inner one can't assign` : undefined);
        if (problem) yield schemaFault(`${location}/${place}/${name}`, problem);
      }
    }
  }
}

/** The variables that the states of a sequence can see: those assigned beside them and in the sequences around. */
export const visibleVariables = (placed: PlacedSequence): ReadonlySet<string> => {
  const own = ownStates(placed).flatMap(({ state }) => assignments(state).map(([name]) => name));
  const outer = placed.outer && !placed.isDistributed ? visibleVariables(placed.outer) : [];
  return new Set([...own, ...outer]);
};

const assignments = (state: State): [name: string, place: string][] => {
  const places: [{ readonly Assign?: object } | undefined, string][] = [
    ['Assign' in state ? state : undefined, 'Assign'],
  ];
  if ('Catch' in state)
    for (const [i, catcher] of (state.Catch ?? []).entries()) places.push([catcher, `Catch/${i}/Assign`]);
  if (state.Type === 'Choice')
    for (const [i, rule] of state.Choices.entries()) places.push([rule, `Choices/${i}/Assign`]);
  return places.flatMap(([source, place]) =>
    Object.keys(source?.Assign ?? {}).map((name): [string, string] => [name, place]),
  );
};

const IDENTIFIER = /^[\p{ID_Start}_][\p{ID_Continue}]*$/u;

const nameProblem = (name: string): string | undefined => {
  if (name === 'states') return "'states' is reserved";
  if (name.length > 80) return `'${name}' has more than 80 characters`;
  if (!IDENTIFIER.test(name)) return `'${name}' is no variable name; parts of a variable can't be assigned`;
  if (isFunctionName(name)) return `A variable '${name}' would hide the function $${name}`;
  return undefined;
};
