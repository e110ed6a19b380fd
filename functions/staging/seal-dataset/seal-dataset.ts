import { mergeCategories } from '#shared/dataset/categories.ts';
import { type LastDataset, lastDatasetUri } from '#shared/dataset/last-dataset.ts';
import {
  type Completeness,
  type DatasetManifest,
  type DatasetName,
  type Fingerprint,
  folderOf,
  loadManifest,
  manifestUri,
  partsUri,
} from '#shared/dataset/manifest.ts';
import {
  DATASETS_OF,
  loadPartitions,
  loadStagingPlan,
  type PartitionFacts,
  type PlannedPartition,
  type StagingPlan,
} from '#shared/dataset/staging-plan.ts';
import {
  DatasetMismatchError,
  EmptyDatasetError,
  ObjectMissingError,
  WarehouseOverloadedError,
} from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { loadRun, type Run, runIdOf } from '#shared/pipeline/run.ts';
import { qualified } from '#shared/warehouse/sql.ts';
import type { Warehouse } from '#shared/warehouse/warehouse.ts';
import { currentWatermark } from '#shared/watermark/current-watermark.ts';
import { assertNext } from '#shared/watermark/watermark.ts';
import { compare } from './completeness.ts';
import { roundAfterChange, roundAfterOverload } from './next-round.ts';
import { loadPartitionFacts } from './partition-facts.ts';
import type { Seal, SealDatasetInput, SealDatasetOutput, SealedDataset } from './schema.ts';
import { keepSeal, readSeal } from './seal.ts';

interface Ports {
  readonly warehouse: Warehouse;
  readonly objectStore: ObjectStore;
}

/** Rounds that an overloaded warehouse is given, with waits of 1, 2, 4, 8 and 15 minutes between them. */
const MAX_OVERLOADED_ROUNDS = 5;

/** Rounds in which partitions are read again that changed, before `onChange` decides. */
const MAX_REREADS = 2;

/**
 * Checks that what was staged is the view, and writes a manifest for each dataset. No manifest, no dataset. Where
 * partitions are missing, because the warehouse was overloaded, or have changed since, it answers what to read again. What is
 * sealed stays as it is: a run that is resumed trains on the rows that it began with, whatever has become of the view.
 *
 * @throws WarehouseOverloadedError when the warehouse stayed overloaded.
 * @throws DatasetMismatchError when the view goes on changing, unless the pipeline accepts that.
 * @throws EmptyDatasetError when a dataset has no rows.
 */
export const sealDataset = async (
  input: SealDatasetInput,
  { objectStore, warehouse }: Ports,
): Promise<SealDatasetOutput> => {
  const { runUri, purpose, round } = input;
  const plan = await loadStagingPlan(objectStore, runUri, purpose);
  const known = await readSeal(objectStore, plan);
  if (known) {
    if (!plan.reusedFrom) await checkFolders(objectStore, plan);
    return known;
  }
  if (plan.reusedFrom) return keepSeal(objectStore, plan, await sealReused(objectStore, plan, plan.reusedFrom));
  const partitions = await loadPartitions(objectStore, plan, round);
  const found = await loadPartitionFacts(objectStore, partitions);
  const refused = partitions.filter((_, index) => !found[index]);
  if (refused.length > 0) {
    checkOverload(input, partitions, refused);
    return { next: await roundAfterOverload(objectStore, { plan, partitions, input }, refused) };
  }

  const facts = found.filter((partition) => partition !== undefined);
  const run = await loadRun(objectStore, runUri);
  await checkWatermark({ objectStore, warehouse }, run, plan);
  const { changed, read, view } = await warehouse.read({ runId: run.runId }, (session) =>
    compare(session, plan, partitions, facts),
  );
  if (changed.length > 0 && input.rereads < MAX_REREADS) {
    return { next: await roundAfterChange(objectStore, { plan, input }, changed) };
  }
  if (changed.length > 0 && plan.onChange === 'fail') throw changedError(plan, changed.length, read, view);

  const completeness = { proof: plan.proof, read, view, rereads: input.rereads };
  const manifests = DATASETS_OF[purpose].map((dataset) => manifestOf(plan, facts, dataset, completeness));
  if (plan.rowCount > 0) for (const manifest of manifests) checkNotEmpty(plan, manifest);
  for (const manifest of manifests) await checkFolder(objectStore, manifest);
  const sealed = await sealAll(objectStore, manifests);
  await recordLast(objectStore, plan, read);
  return keepSeal(objectStore, plan, sealed);
};

/** The datasets of an earlier run, whose parts the plan has found to be what would be staged. */
const sealReused = async (objectStore: ObjectStore, plan: StagingPlan, reusedFrom: string): Promise<Seal> => {
  const manifests = [];
  for (const dataset of DATASETS_OF[plan.purpose]) {
    const manifest = await loadManifest(objectStore, manifestUri(reusedFrom, dataset));
    // The rows were new to the run that staged them.
    const source = { ...manifest.source, window: undefined };
    manifests.push({ ...manifest, source, runUri: plan.runUri, sealedAt: new Date().toISOString(), reusedFrom });
  }
  return sealAll(objectStore, manifests);
};

const sealAll = async (objectStore: ObjectStore, manifests: readonly DatasetManifest[]): Promise<Seal> => {
  const sealed: [DatasetName, SealedDataset][] = [];
  for (const manifest of manifests) sealed.push([manifest.dataset, await seal(objectStore, manifest)]);
  return { sealed: Object.fromEntries(sealed) } as Seal;
};

const checkOverload = (
  { runUri, round, rereads }: SealDatasetInput,
  partitions: readonly PlannedPartition[],
  refused: readonly PlannedPartition[],
): void => {
  if (round - rereads < MAX_OVERLOADED_ROUNDS) return;
  throw new WarehouseOverloadedError(
    `${refused.length} of ${partitions.length} partitions were not read: the warehouse was overloaded in ${round - rereads + 1} rounds, the last with few connections. What was read is kept. Resume the run when the tenant has CPU and memory to spare: npx fedml resume ${runIdOf(runUri)}; or start a new one with a lower source.maxConnections or source.partSizeMb.`,
  );
};

const changedError = (plan: StagingPlan, changedCount: number, read: Fingerprint, view: Fingerprint): Error =>
  new DatasetMismatchError(
    `${viewOf(plan)} changes while it is read: ${changedCount} of its partitions are not what was read a moment before (${read.rowCount} rows read, ${view.rowCount} there now), also after ${MAX_REREADS} more tries. Run the pipeline when the source is at rest, read from a view over a snapshot, name a source.watermark, or set source.onChange to accept.`,
  );

const checkNotEmpty = (plan: StagingPlan, { dataset, rowCount }: DatasetManifest): void => {
  if (rowCount > 0) return;
  throw new EmptyDatasetError(
    `The ${dataset} dataset has no rows: the split of ${plan.rowCount} ${plan.rowCount === 1 ? 'row' : 'rows'} of ${viewOf(plan)} left none. Rows with the same key stay together; give the view more rows, or change source.split.`,
  );
};

const viewOf = ({ source }: StagingPlan): string => qualified({ schema: source.schema, name: source.view });

const manifestOf = (
  plan: StagingPlan,
  facts: readonly PartitionFacts[],
  dataset: DatasetName,
  completeness: Completeness,
): DatasetManifest => {
  const parts = facts.flatMap(({ partition, parts }) =>
    parts
      .filter((part) => part.dataset === dataset)
      .map(({ uri, rowCount, sizeBytes, sha256 }) => ({ uri, rowCount, sizeBytes, sha256, partition })),
  );
  return {
    version: 1,
    dataset,
    runUri: plan.runUri,
    sealedAt: new Date().toISOString(),
    source: {
      ...plan.source,
      key: plan.key.map(({ name }) => name),
      queries: facts.map(({ query }) => query),
      window: plan.window,
    },
    completeness,
    format: plan.format,
    columns: plan.columns,
    ...(dataset === DATASETS_OF[plan.purpose][0] && {
      categories: mergeCategories(facts.map((each) => each.categories)),
    }),
    parts,
    rowCount: parts.reduce((sum, part) => sum + part.rowCount, 0),
    sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
  };
};

const seal = async (objectStore: ObjectStore, manifest: DatasetManifest): Promise<SealedDataset> => {
  const { runUri, dataset, rowCount, sizeBytes } = manifest;
  const uri = manifestUri(runUri, dataset);
  await objectStore.put(uri, JSON.stringify(manifest, null, 2), { contentType: 'application/json' });
  return { manifestUri: uri, partsUri: folderOf(manifest), rowCount, sizeBytes };
};

/** Of a dataset that is sealed: a straggler of an earlier try may have added a part since. */
const checkFolders = async (objectStore: ObjectStore, { runUri, purpose }: StagingPlan): Promise<void> => {
  for (const dataset of DATASETS_OF[purpose]) {
    await checkFolder(objectStore, await loadManifest(objectStore, manifestUri(runUri, dataset)));
  }
};

/**
 * SageMaker reads the whole folder, so that a part of an earlier try with more partitions would be read as well, and one
 * that somebody deleted would be missed.
 */
const checkFolder = async (objectStore: ObjectStore, { runUri, dataset, parts }: DatasetManifest): Promise<void> => {
  const missing = new Map(parts.map(({ uri, sizeBytes }) => [uri, sizeBytes]));
  for await (const { uri, sizeBytes } of objectStore.list(partsUri(runUri, dataset))) {
    if (!missing.has(uri)) await objectStore.delete(uri);
    else if (missing.get(uri) === sizeBytes) missing.delete(uri);
  }
  if (missing.size === 0) return;
  throw new ObjectMissingError(
    `${missing.size} of ${parts.length} parts of ${partsUri(runUri, dataset)} were deleted or replaced since they were written, such as ${[...missing.keys()][0]}. Start a new run.`,
  );
};

/** Found here before a training or a scoring is paid for; decided when the rows arrive. */
const checkWatermark = async (ports: Ports, run: Run, { window, purpose }: StagingPlan): Promise<void> => {
  if (!window) return;
  const current = await currentWatermark(ports, run, purpose);
  if (current?.runId !== run.runId) assertNext(current, window);
};

/** What the next run compares its view with. */
const recordLast = async (objectStore: ObjectStore, plan: StagingPlan, fingerprint: Fingerprint): Promise<void> => {
  const { runUri, purpose, shapeSha256 } = plan;
  if (plan.rowCount === 0) return;
  const record: LastDataset = {
    version: 1,
    runUri,
    sealedAt: new Date().toISOString(),
    rowCount: fingerprint.rowCount,
    fingerprint,
    shapeSha256,
  };
  await objectStore.put(lastDatasetUri(runUri, purpose), JSON.stringify(record, null, 2));
};
