import { isDistributed, processorOf, type State, type StateMachineDefinition, type StateSequence } from './asl.ts';

/** A sequence of states with its place in the definition. */
export interface PlacedSequence {
  readonly sequence: StateSequence;
  /** A JSON pointer; empty for the machine. */
  readonly location: string;
  /** The sequence around it; undefined for the machine. */
  readonly outer: PlacedSequence | undefined;
  /** Runs as child executions, which see no variables of the outer sequences. */
  readonly isDistributed: boolean;
}

export interface PlacedState {
  readonly name: string;
  readonly state: State;
  readonly location: string;
  readonly within: PlacedSequence;
}

/** All sequences of a definition, outer ones first. */
export const sequencesOf = (definition: StateMachineDefinition): PlacedSequence[] =>
  withInner({ sequence: definition, location: '', outer: undefined, isDistributed: false });

/** All states of a definition, nested ones included. */
export const statesOf = (definition: StateMachineDefinition): PlacedState[] =>
  sequencesOf(definition).flatMap(ownStates);

/** The states of one sequence, without those inside them. */
export const ownStates = (within: PlacedSequence): PlacedState[] =>
  Object.entries(within.sequence.States).map(([name, state]) => ({
    name,
    state,
    location: `${within.location}/States/${name}`,
    within,
  }));

const withInner = (placed: PlacedSequence): PlacedSequence[] => [
  placed,
  ...ownStates(placed).flatMap(innerOf).flatMap(withInner),
];

const innerOf = ({ state, location, within }: PlacedState): PlacedSequence[] => {
  if (state.Type === 'Parallel') {
    return state.Branches.map((sequence, index) => ({
      sequence,
      location: `${location}/Branches/${index}`,
      outer: within,
      isDistributed: false,
    }));
  }
  if (state.Type !== 'Map') return [];
  const field = state.ItemProcessor ? 'ItemProcessor' : 'Iterator';
  return [
    {
      sequence: processorOf(state),
      location: `${location}/${field}`,
      outer: within,
      isDistributed: isDistributed(state),
    },
  ];
};
