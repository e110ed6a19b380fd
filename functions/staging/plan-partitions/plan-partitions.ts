import { planPartitions as cut, type PartitionPlan, splitColumnOf } from '#shared/dataset/partitions.ts';
import {
  type PlannedPartition,
  partitionsUri,
  type StagingPlan,
  type StagingPurpose,
  stagingPlanUri,
} from '#shared/dataset/staging-plan.ts';
import { EmptyDatasetError } from '#shared/errors.ts';
import { type ObjectStore, parseObjectUri } from '#shared/object-store/object-store.ts';
import { loadRun } from '#shared/pipeline/run.ts';
import { qualified } from '#shared/warehouse/sql.ts';
import type { ReadSession, Warehouse } from '#shared/warehouse/warehouse.ts';
import { type Request, requestOf, selectColumns } from './request.ts';
import type { PlanPartitionsInput, PlanPartitionsOutput } from './schema.ts';

interface Ports {
  readonly warehouse: Warehouse;
  readonly objectStore: ObjectStore;
}

/** Connections that a run opens at once: a space shares its limits with people who are waiting for their reports. */
const MAX_CONNECTIONS = 8;

/**
 * Looks at the view, decides what to read in which partitions, and writes the plan to S3. Reads no rows.
 *
 * @throws UnknownWarehouseObjectError for a view or columns that aren't there, all of them with the nearest names.
 * @throws EmptyDatasetError when the view has no rows.
 */
export const planPartitions = async (
  { runUri, purpose }: PlanPartitionsInput,
  { warehouse, objectStore }: Ports,
): Promise<PlanPartitionsOutput> => {
  const run = await loadRun(objectStore, runUri);
  const request = requestOf(run.definition, purpose);
  const { plan, ranges } = await warehouse.read({ runId: run.runId }, (session) =>
    planOf(session, request, runUri, purpose),
  );

  await objectStore.put(partitionsUri(runUri, purpose), partitionLines(plan, ranges));
  await objectStore.put(stagingPlanUri(runUri, purpose), JSON.stringify(plan, null, 2));

  const { bucket, key } = parseObjectUri(partitionsUri(runUri, purpose));
  return {
    bucket,
    partitionsKey: key,
    partitionCount: plan.partitionCount,
    rowCount: plan.rowCount,
    maxConcurrency: MAX_CONNECTIONS,
  };
};

const planOf = async (
  session: ReadSession,
  request: Request,
  runUri: string,
  purpose: StagingPurpose,
): Promise<{ plan: StagingPlan; ranges: PartitionPlan['ranges'] }> => {
  const view = { schema: request.schema ?? session.schema, name: request.view };
  const { columns, key } = selectColumns(view, await session.columnsOf(view), request);
  const splitColumn = splitColumnOf(key);
  const measure = await session.measure(view, splitColumn?.name);
  if (measure.rowCount === 0) {
    throw new EmptyDatasetError(`The view ${qualified(view)} has no rows, so that there is nothing to stage.`);
  }
  const { ranges, explanation } = cut(measure, splitColumn);
  const plan: StagingPlan = {
    version: 1,
    runUri,
    purpose,
    source: { schema: view.schema, view: view.name },
    key,
    columns,
    format: { type: 'csv', header: request.header },
    refuseLineBreaks: request.refuseLineBreaks,
    split: request.split,
    rowCount: measure.rowCount,
    partitionCount: ranges.length,
    explanation,
  };
  return { plan, ranges };
};

const partitionLines = ({ runUri, purpose }: StagingPlan, ranges: PartitionPlan['ranges']): string =>
  ranges
    .map((range, partition): PlannedPartition => ({ runUri, purpose, partition, ...(range ? { range } : {}) }))
    .map((item) => `${JSON.stringify(item)}\n`)
    .join('');
