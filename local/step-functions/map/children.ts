import { randomUUID } from 'node:crypto';
import { executionArn, expressExecutionArn } from '../arns.ts';
import { type MapState, processorOf } from '../definition/asl.ts';
import { type ExecutionPlan, startExecution } from '../interpreter/execution.ts';
import { ownFailure, type StateFailure } from '../interpreter/failure.ts';
import { forRedrive, type Progress } from '../interpreter/progress.ts';
import type { Visit } from '../interpreter/scope.ts';
import { exceedsPayloadLimit } from '../json.ts';
import type { ExecutionRecord, MapRun } from '../store/execution-store.ts';
import type { ExecutionIdentity } from '../store/lines.ts';
import type { ChildInput } from './child-inputs.ts';
import { exceedsTolerance } from './settings.ts';

export interface ChildrenPlan {
  readonly visit: Visit<MapState>;
  readonly mapRun: MapRun;
  readonly inputs: AsyncIterator<ChildInput>;
  /** What an earlier process or run left of children that did not end well, by their number. */
  readonly progress: ReadonlyMap<number, Progress>;
  readonly isRedriven: boolean;
  /** Aborted when every child must end. */
  readonly signal: AbortSignal;
  /** Ends every child. */
  stop(): void;
}

/**
 * Runs the children of a Map Run until its inputs are used up and all children are closed.
 *
 * @throws StateFailure when more items failed than it tolerates, or the inputs can't be read; the children have ended then.
 */
export const runChildren = async (plan: ChildrenPlan): Promise<void> => {
  const { mapRun, signal } = plan;
  const { liveMapRuns } = plan.visit.scope.run.environment;
  const slots = concurrencySlots(() => mapRun.state.maxConcurrency);
  const running = new Set<Promise<void>>();
  let failedItems = plan.isRedriven ? 0 : failedItemsOf(mapRun);
  let failure: { readonly reason: unknown } | undefined;
  const fail = (reason: unknown): void => {
    failure ??= { reason };
    plan.stop();
  };
  const checkTolerance = (): void => {
    if (exceedsTolerance(mapRun.state, failedItems, mapRun.state.totalItems)) fail(toleranceExceeded(failedItems));
  };
  const watch = (record: ExecutionRecord, closed: Promise<unknown>): void => {
    const ended = closed.then(() => {
      running.delete(ended);
      slots.release();
      if (hasFailed(record)) failedItems += record.mapRun!.itemCount;
      checkTolerance();
    });
    running.add(ended);
    slots.take();
  };
  liveMapRuns.set(mapRun.state.arn, slots.wake);
  try {
    for (let index = 0; ; index += 1) {
      await slots.free();
      if (failure || signal.aborted) break;
      const next = await plan.inputs.next();
      if (next.done) break;
      const child = startChild(plan, index, next.value);
      if (child) watch(child.record, child.closed);
    }
  } catch (error) {
    fail(error);
  }
  await Promise.all(running);
  liveMapRuns.delete(mapRun.state.arn);
  if (!signal.aborted) checkTolerance();
  if (failure) throw failure.reason;
};

/** Aborted children don't count. */
const hasFailed = ({ status }: ExecutionRecord): boolean => status === 'FAILED' || status === 'TIMED_OUT';

const failedItemsOf = ({ children }: MapRun): number =>
  [...children.values()].filter(hasFailed).reduce((items, { mapRun }) => items + mapRun!.itemCount, 0);

const toleranceExceeded = (failed: number): StateFailure =>
  ownFailure(
    'States.ExceedToleratedFailureThreshold',
    `The specified tolerated failure threshold was exceeded: ${failed} item${failed === 1 ? '' : 's'} failed.`,
  );

/** AWS runs up to 10,000 children at a time; a laptop fewer. */
const LOCAL_CONCURRENCY = 1_000;

const concurrencySlots = (wanted: () => number) => {
  let taken = 0;
  let changed = Promise.withResolvers<void>();
  const limit = (): number => Math.min(wanted() || LOCAL_CONCURRENCY, LOCAL_CONCURRENCY);
  const wake = (): void => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  return {
    wake,
    take: (): void => {
      taken += 1;
    },
    release: (): void => {
      taken -= 1;
      wake();
    },
    free: async (): Promise<void> => {
      while (taken >= limit()) await changed.promise;
    },
  };
};

/** Starts, resumes or redrives the child of an index; undefined when it is done with. */
const startChild = (plan: ChildrenPlan, index: number, child: ChildInput) => {
  const { visit, mapRun, progress, isRedriven, signal } = plan;
  const { environment, record: parent } = visit.scope.run;
  const inputText = JSON.stringify(child.input);
  if (exceedsPayloadLimit(inputText)) {
    throw ownFailure('States.DataLimitExceeded', `The input of child ${index} has more than 262144 bytes.`);
  }
  const sequence = processorOf(visit.state);
  const run = (record: ExecutionRecord, begin: ExecutionPlan['begin']) =>
    startExecution(environment, { record, sequence, timeoutSeconds: undefined, inputText, signal, begin });
  const existing = mapRun.children.get(index);
  if (!existing) {
    return run(environment.store.openChild(parent.family, childIdentity(plan, index, child)), { as: 'new' });
  }
  const left = progress.get(existing.number) ?? new Map();
  if (existing.status === 'RUNNING') return run(existing, { as: 'resumed', progress: left });
  if (existing.status === 'SUCCEEDED' || !isRedriven) return undefined;
  return run(existing, { as: 'redriven', progress: forRedrive(left) });
};

const childIdentity = (
  { visit, mapRun }: ChildrenPlan,
  index: number,
  { itemCount }: ChildInput,
): ExecutionIdentity => {
  const { environment, record: parent } = visit.scope.run;
  const type = processorOf(visit.state).ProcessorConfig?.ExecutionType ?? 'STANDARD';
  const name = randomUUID();
  const machine = mapRun.state.stateMachineArn.split(':').at(-1)!;
  return {
    arn:
      type === 'EXPRESS'
        ? expressExecutionArn(environment.account, machine, name, randomUUID())
        : executionArn(environment.account, machine, name),
    name,
    stateMachineArn: mapRun.state.stateMachineArn,
    stateMachineName: parent.stateMachineName,
    type,
    roleArn: parent.roleArn,
    revisionId: parent.revisionId,
    mapRun: { arn: mapRun.state.arn, index, itemCount },
  };
};
