import { type DatasetManifest, type DatasetName, manifestUri, partsUri } from '#shared/dataset/manifest.ts';
import { DATASETS_OF, loadStagingPlan, type PartitionFacts, type StagingPlan } from '#shared/dataset/staging-plan.ts';
import { DatasetMismatchError, EmptyDatasetError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { qualified } from '#shared/warehouse/sql.ts';
import { loadPartitionFacts } from './partition-facts.ts';
import type { SealDatasetInput, SealDatasetOutput, SealedDataset } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
}

/**
 * Checks that what was staged is what was planned, and writes a manifest for each dataset. No manifest, no dataset.
 *
 * @throws DatasetMismatchError when partitions are missing or the rows aren't as many as were counted.
 * @throws EmptyDatasetError when a dataset has no rows.
 */
export const sealDataset = async (
  { runUri, purpose }: SealDatasetInput,
  { objectStore }: Ports,
): Promise<SealDatasetOutput> => {
  const plan = await loadStagingPlan(objectStore, runUri, purpose);
  const facts = await loadPartitionFacts(objectStore, plan);
  checkRowCount(plan, facts);
  const manifests = DATASETS_OF[purpose].map((dataset) => manifestOf(plan, facts, dataset));
  for (const manifest of manifests) checkNotEmpty(plan, manifest);

  const sealed: [DatasetName, SealedDataset][] = [];
  for (const manifest of manifests) sealed.push([manifest.dataset, await seal(objectStore, manifest)]);
  return Object.fromEntries(sealed) as SealDatasetOutput;
};

const checkRowCount = (plan: StagingPlan, facts: readonly PartitionFacts[]): void => {
  const rowCount = facts.reduce((sum, partition) => sum + partition.rowCount, 0);
  if (rowCount === plan.rowCount) return;
  throw new DatasetMismatchError(
    `${viewOf(plan)} had ${plan.rowCount} rows when they were counted and gave ${rowCount} when they were read: it changed in between. Run the pipeline again when the source is at rest, or read from a view over a snapshot.`,
  );
};

const checkNotEmpty = (plan: StagingPlan, { dataset, rowCount }: DatasetManifest): void => {
  if (rowCount > 0) return;
  throw new EmptyDatasetError(
    `The ${dataset} dataset has no rows: the split of ${plan.rowCount} ${plan.rowCount === 1 ? 'row' : 'rows'} of ${viewOf(plan)} left none. Rows with the same key stay together; give the view more rows, or change source.split.`,
  );
};

const viewOf = ({ source }: StagingPlan): string => qualified({ schema: source.schema, name: source.view });

const manifestOf = (plan: StagingPlan, facts: readonly PartitionFacts[], dataset: DatasetName): DatasetManifest => {
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
    source: { ...plan.source, key: plan.key.map(({ name }) => name), queries: facts.map(({ query }) => query) },
    format: plan.format,
    columns: plan.columns,
    parts,
    rowCount: parts.reduce((sum, part) => sum + part.rowCount, 0),
    sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
  };
};

const seal = async (objectStore: ObjectStore, manifest: DatasetManifest): Promise<SealedDataset> => {
  const { runUri, dataset, rowCount, sizeBytes } = manifest;
  await removeStrangers(objectStore, manifest);
  const uri = manifestUri(runUri, dataset);
  await objectStore.put(uri, JSON.stringify(manifest, null, 2), { contentType: 'application/json' });
  return { manifestUri: uri, partsUri: partsUri(runUri, dataset), rowCount, sizeBytes };
};

/** SageMaker reads the whole folder, so that a part of an earlier try with more partitions would be read as well. */
const removeStrangers = async (
  objectStore: ObjectStore,
  { runUri, dataset, parts }: DatasetManifest,
): Promise<void> => {
  const own = new Set(parts.map(({ uri }) => uri));
  for await (const { uri } of objectStore.list(partsUri(runUri, dataset))) {
    if (!own.has(uri)) await objectStore.delete(uri);
  }
};
