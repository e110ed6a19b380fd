import { z } from 'zod';
import { AwsError, type Operation } from '#local/http/aws-json.ts';
import type { Environment } from '../interpreter/environment.ts';
import type { ExecutionRecord, Family, MapRun } from '../store/execution-store.ts';
import { executionOf } from './describe-execution.ts';
import { operation, page, paging } from './operation.ts';

/** Follow and change Map Runs. */
export const mapRunOperations = ({ store, liveMapRuns }: Environment): Record<string, Operation> => {
  const find = (mapRunArn: string): { family: Family; mapRun: MapRun } => {
    const known = store.mapRuns.get(mapRunArn);
    if (known) return known;
    throw new AwsError('ResourceNotFound', `Resource not found: '${mapRunArn}'`, {
      details: { resourceName: mapRunArn },
    });
  };
  return {
    ListMapRuns: operation(z.object({ executionArn: z.string(), ...paging }), (input) => {
      const record = executionOf(store, input.executionArn);
      const own = [...record.family.mapRuns.values()].filter(({ state }) => state.executionArn === record.arn);
      const { items, nextToken } = page(own.reverse(), input, ({ state }) => state.arn);
      return {
        mapRuns: items.map(({ state }) => ({
          executionArn: state.executionArn,
          mapRunArn: state.arn,
          stateMachineArn: state.stateMachineArn,
          startDate: new Date(state.startDate),
          ...(state.stopDate !== undefined && { stopDate: new Date(state.stopDate) }),
        })),
        nextToken,
      };
    }),

    DescribeMapRun: operation(z.object({ mapRunArn: z.string() }), ({ mapRunArn }) => describe(find(mapRunArn).mapRun)),

    UpdateMapRun: operation(UPDATE, async ({ mapRunArn, ...settings }) => {
      const { family, mapRun } = find(mapRunArn);
      const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
      store.saveMapRun(family, { ...mapRun.state, ...given });
      liveMapRuns.get(mapRunArn)?.();
      await family.journal.flushed();
    }),
  };
};

const UPDATE = z.object({
  mapRunArn: z.string(),
  maxConcurrency: z.int().min(0).optional(),
  toleratedFailureCount: z.int().min(0).optional(),
  toleratedFailurePercentage: z.number().min(0).max(100).optional(),
});

const describe = (mapRun: MapRun) => {
  const { state } = mapRun;
  return {
    mapRunArn: state.arn,
    executionArn: state.executionArn,
    status: state.status,
    startDate: new Date(state.startDate),
    ...(state.stopDate !== undefined && { stopDate: new Date(state.stopDate) }),
    maxConcurrency: state.maxConcurrency,
    toleratedFailureCount: state.toleratedFailureCount,
    toleratedFailurePercentage: state.toleratedFailurePercentage,
    itemCounts: counts(mapRun, state.totalItems, ({ mapRun: child }) => child!.itemCount),
    executionCounts: counts(mapRun, state.totalExecutions, () => 1),
    redriveCount: state.redriveCount,
    ...(state.redriveDate !== undefined && { redriveDate: new Date(state.redriveDate) }),
  };
};

const COUNTED = {
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMED_OUT: 'timedOut',
  ABORTED: 'aborted',
} as const;

/** @param total unknown while a reader goes on: what was read so far then. */
const counts = ({ state, children }: MapRun, total: number | undefined, weigh: (child: ExecutionRecord) => number) => {
  const byStatus = { running: 0, succeeded: 0, failed: 0, timedOut: 0, aborted: 0 };
  let started = 0;
  for (const child of children.values()) {
    byStatus[COUNTED[child.status as keyof typeof COUNTED]] += weigh(child);
    started += weigh(child);
  }
  return {
    pending: Math.max((total ?? started) - started, 0),
    ...byStatus,
    total: total ?? started,
    resultsWritten: state.written ? started - byStatus.running : 0,
    failuresNotRedrivable: 0,
    pendingRedrive: 0,
  };
};
