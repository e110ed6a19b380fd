import type { ExecutionEvent, MapProgress } from '#shared/executions/executions.ts';

/** Something that happened to a state of the followed execution or of one of its children. */
export interface StateChange {
  readonly kind: 'entered' | 'retried' | 'exited' | 'failed';
  /** The state machine's name in its stack, such as `training`. */
  readonly machine: string;
  readonly state: string;
  /** Task, Map, Wait, Choice … */
  readonly type: string;
  readonly at: Date;
  /** Since it was entered. */
  readonly milliseconds: number;
  /** The state has started an execution, whose own states are told too. */
  readonly isParent: boolean;
  /** On exit of a task: what it answered. */
  readonly result?: unknown;
  /** On a retry: what the attempt before failed with. */
  readonly error?: string;
  /** On exit of a Distributed Map. */
  readonly mapRunArn?: string;
  /** How far that Distributed Map has come; whoever reports the change asks for it. */
  readonly map?: MapProgress;
}

/** What is known of an execution that is followed. */
export interface Follower {
  readonly executionArn: string;
  readonly machine: string;
  readonly entered: Map<string, { readonly at: Date; readonly type: string }>;
  lastEventId: number;
  hasEnded: boolean;
  /** Of the current state. */
  result: unknown;
  hasChild: boolean;
  /** The Distributed Map that runs now. */
  mapRunArn: string | undefined;
  /** What the last attempt failed with, while it isn't known whether it is retried, caught, or ends the execution. */
  error: string | undefined;
}

/** An execution's ARN ends in `execution:<stack>-<state machine>:<name>`. */
export const follow = (executionArn: string): Follower => ({
  executionArn,
  machine: executionArn.split(':')[6]!.replace(/^.*-/, ''),
  entered: new Map(),
  lastEventId: 0,
  hasEnded: false,
  ...NEW_STATE,
});

const NEW_STATE = { result: undefined, hasChild: false, mapRunArn: undefined, error: undefined };

/** Takes the next event of an execution's history, and says what it means for its states. */
export const stateChanges = (follower: Follower, event: ExecutionEvent): StateChange[] =>
  REACTIONS[event.kind]?.(follower, event) ?? [];

const REACTIONS: Partial<Record<ExecutionEvent['kind'], (follower: Follower, event: ExecutionEvent) => StateChange[]>> =
  {
    entered(follower, { state, stateType, at }) {
      if (isInMap(follower)) return [];
      follower.entered.set(state!, { at, type: stateType! });
      Object.assign(follower, NEW_STATE);
      return [changeOf(follower, 'entered', state!, at)];
    },
    childStarted(follower) {
      follower.hasChild = true;
      return [];
    },
    mapRunStarted(follower, { mapRunArn }) {
      follower.mapRunArn = mapRunArn;
      return [];
    },
    attemptStarted(follower, { at }) {
      const { error } = follower;
      follower.error = undefined;
      const [state] = [...follower.entered.keys()];
      return error === undefined || !state || isInMap(follower)
        ? []
        : [{ ...changeOf(follower, 'retried', state, at), error }];
    },
    attemptSucceeded(follower, { result }) {
      follower.result = result;
      follower.error = undefined;
      return [];
    },
    attemptFailed(follower, { error }) {
      follower.error = error;
      return [];
    },
    exited(follower, { state, at }) {
      if (!follower.entered.has(state!)) return [];
      return [leave(follower, follower.error === undefined ? 'exited' : 'failed', state!, at)];
    },
    executionSucceeded(follower) {
      follower.hasEnded = true;
      return [];
    },
    executionBroken(follower, { at }) {
      follower.hasEnded = true;
      return [...follower.entered.keys()].map((state) => leave(follower, 'failed', state, at));
    },
  };

/** The items of an inline Map have their states in the same history, many at a time: of them the Map alone is told. */
const isInMap = ({ entered }: Follower): boolean => [...entered.values()].some(({ type }) => type === 'Map');

const leave = (follower: Follower, kind: 'exited' | 'failed', state: string, at: Date): StateChange => {
  const { result, mapRunArn } = follower;
  const change = { ...changeOf(follower, kind, state, at), result, ...(mapRunArn && { mapRunArn }) };
  follower.entered.delete(state);
  follower.mapRunArn = undefined;
  return change;
};

const changeOf = (
  { machine, entered, hasChild }: Follower,
  kind: StateChange['kind'],
  state: string,
  at: Date,
): StateChange => {
  const { at: since, type } = entered.get(state)!;
  return { kind, machine, state, type, at, milliseconds: at.getTime() - since.getTime(), isParent: hasChild };
};
