import { loadManifest, manifestUri } from '#shared/dataset/manifest.ts';
import { ObjectMissingError } from '#shared/errors.ts';
import { contractFor, contractOf, type FeatureContract } from '#shared/models/feature-contract.ts';
import { championRecordUri, loadModelRecord, type ModelRecord } from '#shared/models/model-record.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import type { PipelineDefinition } from '#shared/pipeline/definition.ts';
import { loadRun } from '#shared/pipeline/run.ts';

export interface KnownContract {
  readonly contract: FeatureContract;
  /**
   * False for a model that was trained elsewhere. Nobody recorded its features; these are the columns of the training view of
   * the pipeline that adopted it, with which it passed the smoke test.
   */
  readonly isRecorded: boolean;
}

/** What a model takes; undefined for one that was trained elsewhere before its pipeline has staged any rows. */
export const loadContract = async (
  objectStore: ObjectStore,
  { contract, runUri }: Pick<ModelRecord, 'contract' | 'runUri'>,
): Promise<KnownContract | undefined> => {
  if (contract) return { contract, isRecorded: true };
  const { definition, mode } = await loadRun(objectStore, runUri);
  try {
    const manifest = await loadManifest(objectStore, manifestUri(runUri, 'train'));
    // Records of earlier versions say nothing of a contract; the run that has trained the model does.
    return {
      contract: contractOf(manifest, definition.source),
      isRecorded: contract === undefined && mode !== 'deploy',
    };
  } catch (error) {
    if (error instanceof ObjectMissingError) return undefined;
    throw error;
  }
};

/**
 * What the pipeline's champion takes, as the pipeline asks it.
 *
 * @throws NoChampionError when no model was promoted yet.
 */
export const championContract = async (
  objectStore: ObjectStore,
  storeUri: string,
  definition: PipelineDefinition,
): Promise<FeatureContract | undefined> => {
  const record = await loadModelRecord(objectStore, await championRecordUri(objectStore, storeUri, definition.name));
  const known = await loadContract(objectStore, record);
  return known && contractFor(known.contract, definition);
};

/** Stands behind a message about a model whose contract isn't recorded. */
export const UNRECORDED =
  'The model was trained elsewhere, so that nothing records its features: these are the columns of source, with which it passed its smoke test.';
