import { type LastDataset, loadLastDataset } from '#shared/dataset/last-dataset.ts';
import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { planPartitions as cut, splitCandidates } from '#shared/dataset/partitions.ts';
import {
  loadStagingPlan,
  partitionsUri,
  type StagingPlan,
  type StagingPurpose,
  savePartitions,
  sealUri,
  stagingPlanUri,
} from '#shared/dataset/staging-plan.ts';
import { DatasetShrunkError, EmptyDatasetError, ObjectChangedError, ObjectMissingError } from '#shared/errors.ts';
import { type ObjectStore, parseObjectUri } from '#shared/object-store/object-store.ts';
import { loadRun, type Run } from '#shared/pipeline/run.ts';
import { assertCanWrite } from '#shared/predictions/assert-can-write.ts';
import { parseRunUri } from '#shared/store/layout.ts';
import { typeKind } from '#shared/warehouse/column-types.ts';
import { qualified } from '#shared/warehouse/sql.ts';
import type { Measure, QualifiedName, ReadSession, RowSelection, Warehouse } from '#shared/warehouse/warehouse.ts';
import { currentWatermark } from '#shared/watermark/current-watermark.ts';
import { afterOf } from '#shared/watermark/watermark.ts';
import { type ColumnOrder, modelOrder } from './model-order.ts';
import { type Request, requestOf, selectColumns } from './request.ts';
import { isKept, isUnchanged, type Shape, shapeSha256 } from './reuse.ts';
import type { PlanPartitionsInput, PlanPartitionsOutput } from './schema.ts';

interface Ports {
  readonly warehouse: Warehouse;
  readonly objectStore: ObjectStore;
}

/**
 * Looks at the view, decides what to read in which partitions, and writes the plan to S3. Reads no rows. A run has one
 * plan: asked again, it answers from the one that is there, so that partitions that were read stay valid.
 *
 * @throws UnknownWarehouseObjectError for a view or columns that aren't there, all of them with the nearest names.
 * @throws TargetTableError, before anything is read to train, for predictions that couldn't be written.
 * @throws FeatureMismatchError for columns to score that aren't the features of the model.
 * @throws EmptyDatasetError when the view has no rows, or none that are new.
 * @throws DatasetShrunkError when the view has far fewer rows than the last dataset.
 * @throws ObjectMissingError when the run has sealed its dataset before, and parts of it are gone.
 */
export const planPartitions = async (
  { runUri, purpose, modelRecordUri }: PlanPartitionsInput,
  { warehouse, objectStore }: Ports,
): Promise<PlanPartitionsOutput> => {
  const plan =
    (await existingPlan(objectStore, runUri, purpose)) ??
    (await makePlan({ runUri, purpose, modelRecordUri }, { warehouse, objectStore }));
  const { bucket, key } = parseObjectUri(partitionsUri(runUri, purpose, 0));
  return {
    bucket,
    partitionsKey: key,
    // What is sealed isn't read again, not even to be compared: SealDataset answers it.
    partitionCount: (await isSealed(objectStore, runUri, purpose)) ? 0 : plan.partitionCount,
    maxConcurrency: plan.maxConcurrency,
    rowCount: plan.rowCount,
    round: 0,
    rereads: 0,
    waitSeconds: 0,
  };
};

const isSealed = async (objectStore: ObjectStore, runUri: string, purpose: StagingPurpose): Promise<boolean> => {
  const uri = sealUri(runUri, purpose);
  for await (const object of objectStore.list(uri)) {
    if (object.uri !== uri) continue;
    if (await isKept(objectStore, runUri, purpose)) return true;
    throw new ObjectMissingError(
      `Parts of the ${purpose} data of ${runUri} were deleted since they were staged, as the bucket does after some days. Start a new run.`,
    );
  }
  return false;
};

const existingPlan = async (
  objectStore: ObjectStore,
  runUri: string,
  purpose: StagingPurpose,
): Promise<StagingPlan | undefined> => {
  try {
    return await loadStagingPlan(objectStore, runUri, purpose);
  } catch (error) {
    if (error instanceof ObjectMissingError) return undefined;
    throw error;
  }
};

/** The plan is written last: where it is, its partitions are. */
const makePlan = async (
  { runUri, purpose, modelRecordUri }: PlanPartitionsInput,
  { warehouse, objectStore }: Ports,
): Promise<StagingPlan> => {
  const run = await loadRun(objectStore, runUri);
  const request = requestOf(run, purpose);
  // A training that leads to predictions which can't be written is not worth its price.
  const { prediction } = run.definition;
  if (purpose === 'training' && run.mode === 'full' && prediction)
    await assertCanWrite(warehouse, run.runId, prediction);
  const order = await modelOrder(objectStore, run.definition, modelRecordUri);
  const after = await startOf({ warehouse, objectStore }, run, purpose, request);
  const last = await loadLastDataset(objectStore, runUri, purpose);
  const decided = await warehouse.read({ runId: run.runId }, async (session) => {
    const wanted = await lookAt(session, request, order);
    // A second try of a run's own planning may come after the run has sealed its dataset.
    const candidate = run.definition.reuse && last?.runUri !== runUri ? last : undefined;
    const reusable =
      candidate &&
      (await isUnchanged(session, shapeOf(wanted, request), request.reading, candidate)) &&
      (await isKept(objectStore, candidate.runUri, purpose));
    return reusable ? reusing(wanted, candidate) : decide(session, request, wanted, { last, after });
  });
  const { partitions } = decided;
  const plan = planOf({ runUri, purpose }, request, decided);
  const planned = partitions.map((rows, partition) => ({
    runUri,
    purpose,
    partition,
    round: 0,
    rows: { ...rows, window: plan.window },
  }));
  // Another try may have been faster, and its partitions may be read by now: the first plan stays.
  const first = await existingPlan(objectStore, runUri, purpose);
  if (first) return first;
  await savePartitions(objectStore, partitionsUri(runUri, purpose, 0), planned);
  try {
    await objectStore.put(stagingPlanUri(runUri, purpose), JSON.stringify(plan, null, 2), { ifNoneMatch: '*' });
    return plan;
  } catch (error) {
    if (error instanceof ObjectChangedError) return loadStagingPlan(objectStore, runUri, purpose);
    throw error;
  }
};

const planOf = (
  { runUri, purpose }: Pick<PlanPartitionsInput, 'runUri' | 'purpose'>,
  request: Request,
  { partitions, ...decided }: Decided,
): StagingPlan => ({
  version: 1,
  runUri,
  purpose,
  ...decided,
  ...shapeOf(decided, request),
  shapeSha256: shapeSha256(shapeOf(decided, request)),
  proof: request.reading.proof,
  onChange: request.reading.onChange,
  partitionCount: partitions.length,
});

/** What is to be staged, before anything is known about the rows. */
type Wanted = Pick<StagingPlan, 'source' | 'key' | 'columns'> & { readonly available: readonly DatasetColumn[] };

const lookAt = async (session: ReadSession, request: Request, order: ColumnOrder): Promise<Wanted> => {
  const view = { schema: request.schema ?? session.schema, name: request.view };
  const available = await session.columnsOf(view);
  const { columns, key } = selectColumns(view, available, request);
  return {
    source: { schema: view.schema, view: view.name },
    available,
    columns: order(view, columns, key.length),
    key,
  };
};

const shapeOf = (
  { source, key, columns }: Pick<StagingPlan, 'source' | 'key' | 'columns'>,
  { format, refuseLineBreaks, split }: Request,
): Shape => ({ source, key, columns, format, refuseLineBreaks, split });

/** The rows aren't measured: nothing is cut of them. */
const reusing = ({ source, key, columns }: Wanted, last: LastDataset): Decided => ({
  source,
  key,
  columns,
  rowCount: last.rowCount,
  estimatedBytes: 0,
  maxConcurrency: 1,
  partitions: [],
  reusedFrom: last.runUri,
  explanation: `Nothing is read: the view has the ${last.rowCount} rows that ${last.runUri} staged at ${last.sealedAt}, by their checksum ${last.fingerprint.checksum}, and they are wanted in the same shape.`,
});

type Decided = Pick<
  StagingPlan,
  | 'source'
  | 'key'
  | 'columns'
  | 'window'
  | 'reusedFrom'
  | 'rowCount'
  | 'estimatedBytes'
  | 'maxConcurrency'
  | 'explanation'
> & { readonly partitions: readonly RowSelection[] };

/** What earlier runs have left. */
interface Before {
  readonly last: LastDataset | undefined;
  /** Up to where rows have arrived. */
  readonly after: string | undefined;
}

const decide = async (
  session: ReadSession,
  request: Request,
  { source, key, columns, available }: Wanted,
  { last, after }: Before,
): Promise<Decided> => {
  const view = { schema: source.schema, name: source.view };
  const candidates = splitCandidates(
    key,
    request.reading.splitColumn === undefined ? columns : available,
    request.reading,
  );
  const { watermark: column } = request.reading;
  const watermark = column === undefined ? undefined : { column, ...(after === undefined ? {} : { after }) };
  const measure = await session.measure(view, {
    spreadOf: candidates.map(({ name }) => name),
    lengthsOf: columns.filter((column) => ['text', 'binary'].includes(typeKind(column)!)).map(({ name }) => name),
    watermark,
  });
  refuseFewRows(view, request, measure, watermark ? undefined : last, watermark);
  const plan = cut(measure, { key, columns, candidates }, request.reading);
  const missing = measure.watermark?.missingCount ?? 0;
  return {
    source,
    key,
    columns,
    window: watermark && measure.watermark?.upTo ? { ...watermark, upTo: measure.watermark.upTo } : undefined,
    rowCount: measure.rowCount,
    estimatedBytes: plan.estimatedBytes,
    maxConcurrency: Math.max(plan.maxConcurrency, 1),
    explanation:
      plan.explanation + (missing > 0 ? ` ${missing} rows without a ${watermark!.column} are left out.` : ''),
    partitions: measure.rowCount === 0 ? [] : plan.partitions,
  };
};

/** Where the rows end that have arrived, if they went by the same column. */
const startOf = async (
  ports: Ports,
  run: Run,
  purpose: StagingPurpose,
  { reading }: Request,
): Promise<string | undefined> =>
  reading.watermark === undefined ? undefined : afterOf(await currentWatermark(ports, run, purpose), reading.watermark);

/** Rounded up, so that the run isn't stopped again. */
const missingShare = (rowCount: number, lastRowCount: number): number =>
  Math.ceil((1 - rowCount / lastRowCount) * 100) / 100;

const refuseFewRows = (
  view: QualifiedName,
  { reading, allowEmpty, purpose }: Request,
  { rowCount }: Measure,
  last: LastDataset | undefined,
  watermark: { readonly column: string; readonly after?: string } | undefined,
): void => {
  if (rowCount === 0 && !allowEmpty) {
    throw new EmptyDatasetError(
      watermark?.after === undefined
        ? `The view ${qualified(view)} has no rows, so that there is nothing to stage.`
        : `The view ${qualified(view)} has no new rows: none whose ${watermark.column} is beyond ${watermark.after}, which is where ${purpose === 'training' ? 'the rows of the last registered model end' : 'the published predictions end'}.`,
    );
  }
  if (last && rowCount < last.rowCount * (1 - reading.maxShrink) && !(rowCount === 0 && allowEmpty)) {
    throw new DatasetShrunkError(
      `The view ${qualified(view)} has ${rowCount} rows, and the last dataset had ${last.rowCount} (${last.runUri}). If that is right, let this much be missing for one run: npx fedml run ${parseRunUri(last.runUri).pipeline} --set ${purpose === 'training' ? '' : 'prediction.'}source.maxShrink=${missingShare(rowCount, last.rowCount)}`,
    );
  }
};
