import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionDescription, Executions, MapProgress } from '#shared/executions/executions.ts';
import { type Follower, follow, type StateChange, stateChanges } from './state-changes.ts';

/** Hears how a run goes. */
export interface Watcher {
  onChange(change: StateChange): void;
  /** Called between looks, with how far the Distributed Map has come that runs now. */
  onTick(map?: MapProgress): void;
}

/** On AWS, GetExecutionHistory is granted 20 calls a second in an account; a run has up to three executions at a time. */
const POLL_MILLISECONDS = 250;

/**
 * Follows an execution and its children until the execution ends, and returns its description.
 *
 * @param signal gives up following; the execution goes on.
 */
export const followRun = async (
  executions: Executions,
  executionArn: string,
  watcher: Watcher,
  signal?: AbortSignal,
): Promise<ExecutionDescription> => {
  const followers = [follow(executionArn)];
  for (;;) {
    const description = await executions.describe(executionArn);
    const maps = await catchUp(executions, followers, watcher);
    if (description.status !== 'RUNNING') return description;
    await tick(executions, maps, watcher);
    await sleep(POLL_MILLISECONDS, undefined, signal && { signal });
  }
};

/** Tells what has happened so far, without waiting for more; returns what is still going. */
export const watchOnce = async (executions: Executions, executionArn: string, watcher: Watcher): Promise<void> => {
  const maps = await catchUp(executions, [follow(executionArn)], watcher);
  await tick(executions, maps, watcher);
};

const tick = async (executions: Executions, maps: readonly string[], watcher: Watcher): Promise<void> => {
  const innermost = maps.at(-1);
  watcher.onTick(innermost === undefined ? undefined : await executions.mapProgress(innermost));
};

/**
 * Reads on in each history, also in those of children that are found on the way, and tells what is new in the order in which
 * it happened. Returns the Distributed Maps that run.
 */
const catchUp = async (executions: Executions, followers: Follower[], watcher: Watcher): Promise<string[]> => {
  const news: { readonly change: StateChange; readonly rank: number }[] = [];
  for (const [depth, follower] of followers.entries()) {
    if (follower.hasEnded) continue;
    for (const event of await executions.eventsAfter(follower.executionArn, follower.lastEventId)) {
      follower.lastEventId = event.id;
      if (event.childExecutionArn) followers.push(follow(event.childExecutionArn));
      for (const change of stateChanges(follower, event)) {
        news.push({ change, rank: change.kind === 'entered' ? depth : -depth });
      }
    }
  }
  // In the same millisecond a parent is entered before its child, and left after it.
  news.sort((a, b) => a.change.at.getTime() - b.change.at.getTime() || a.rank - b.rank);
  for (const { change } of news) {
    const { mapRunArn } = change;
    watcher.onChange(mapRunArn ? { ...change, map: await executions.mapProgress(mapRunArn) } : change);
  }
  return followers.flatMap(({ mapRunArn }) => mapRunArn ?? []);
};
