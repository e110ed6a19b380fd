import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionDescription, ExecutionEvent, Executions } from '#shared/executions/executions.ts';

/** Something that happened to a state of the followed execution or of one of its children. */
export interface StateChange {
  readonly kind: 'entered' | 'exited' | 'failed';
  /** The state machine's name, such as `training`. */
  readonly machine: string;
  readonly state: string;
  /** Task, Map, Wait, Choice … */
  readonly type: string;
  readonly at: Date;
  /** On exit: the time since it was entered. */
  readonly milliseconds: number;
  /** On exit of a task: what it answered. */
  readonly result?: unknown;
}

const POLL_MILLISECONDS = 250;

/** Follows an execution and its children until the execution ends, and returns its description. */
export const followRun = async (
  executions: Executions,
  executionArn: string,
  { onChange, onTick }: { onChange(change: StateChange): void; onTick(): void },
): Promise<ExecutionDescription> => {
  const followers = [follower(executionArn)];
  for (;;) {
    const description = await executions.describe(executionArn);
    for (const follow of followers) {
      for (const event of await executions.eventsAfter(follow.executionArn, follow.lastEventId)) {
        follow.lastEventId = event.id;
        if (event.childExecutionArn) followers.push(follower(event.childExecutionArn));
        for (const change of stateChanges(follow, event)) onChange(change);
      }
    }
    if (description.status !== 'RUNNING') return description;
    onTick();
    await sleep(POLL_MILLISECONDS);
  }
};

interface Follower {
  readonly executionArn: string;
  readonly machine: string;
  readonly entered: Map<string, { readonly at: Date; readonly type: string }>;
  lastEventId: number;
  result: unknown;
  /** The last attempt of the current state failed: it is retried, caught, or ends the execution. */
  attemptFailed: boolean;
}

/** An execution's ARN ends in `execution:<state machine>:<name>`. */
const follower = (executionArn: string): Follower => ({
  executionArn,
  machine: executionArn.split(':')[6]!,
  entered: new Map(),
  lastEventId: 0,
  result: undefined,
  attemptFailed: false,
});

const stateChanges = (follow: Follower, event: ExecutionEvent): StateChange[] => {
  switch (event.kind) {
    case 'entered':
      return [enter(follow, event)];
    case 'exited':
      return [leave(follow, event.state!, follow.attemptFailed ? 'failed' : 'exited', event.at)];
    case 'executionBroken':
      return [...follow.entered.keys()].map((state) => leave(follow, state, 'failed', event.at));
    case 'attemptSucceeded':
      follow.result = event.result;
      follow.attemptFailed = false;
      return [];
    case 'attemptFailed':
      follow.attemptFailed = true;
      return [];
    default:
      return [];
  }
};

const enter = (follow: Follower, { state, stateType, at }: ExecutionEvent): StateChange => {
  follow.entered.set(state!, { at, type: stateType! });
  follow.result = undefined;
  follow.attemptFailed = false;
  return { kind: 'entered', machine: follow.machine, state: state!, type: stateType!, at, milliseconds: 0 };
};

const leave = (follow: Follower, state: string, kind: 'exited' | 'failed', at: Date): StateChange => {
  const { at: since, type } = follow.entered.get(state)!;
  follow.entered.delete(state);
  const { machine, result } = follow;
  return { kind, machine, state, type, at, milliseconds: at.getTime() - since.getTime(), result };
};
