import { loadManifest, manifestUri } from '#shared/dataset/manifest.ts';
import { championRecordUri, loadModelRecord } from '#shared/models/model-record.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { loadRun } from '#shared/pipeline/run.ts';

/**
 * The columns that the pipeline's champion was trained with, in their order: neither key nor target.
 *
 * @throws NoChampionError when no model was promoted yet.
 */
export const featureNames = async (
  objectStore: ObjectStore,
  storeUri: string,
  pipeline: string,
): Promise<readonly string[]> => {
  const { runUri } = await loadModelRecord(objectStore, await championRecordUri(objectStore, storeUri, pipeline));
  const { key, target } = (await loadRun(objectStore, runUri)).definition.source;
  const { columns } = await loadManifest(objectStore, manifestUri(runUri, 'train'));
  return columns.map(({ name }) => name).filter((name) => name !== target && !key.includes(name));
};
