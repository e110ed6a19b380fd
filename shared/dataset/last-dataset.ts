import { z } from 'zod';
import { Fingerprint } from '#shared/dataset/manifest.ts';
import type { StagingPurpose } from '#shared/dataset/staging-plan.ts';
import { DatasetMismatchError, ObjectMissingError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { RunUri } from '#shared/pipeline/run.ts';
import { folderIn, parseRunUri } from '#shared/store/layout.ts';

/**
 * `datasets/<pipeline>/<purpose>.json`: what the last sealed dataset of a pipeline holds. Where the next one begins is not said
 * here: that moves when the rows have arrived (shared/watermark).
 */
export const LastDataset = z.strictObject({
  version: z.literal(1),
  runUri: RunUri,
  sealedAt: z.iso.datetime(),
  rowCount: z.int().nonnegative(),
  fingerprint: Fingerprint,
  shapeSha256: z.string().length(64),
});
export type LastDataset = z.infer<typeof LastDataset>;

export const lastDatasetUri = (runUri: string, purpose: StagingPurpose): string => {
  const { storeUri, pipeline } = parseRunUri(runUri);
  return `${folderIn(storeUri, 'datasets')}${pipeline}/${purpose}.json`;
};

/** The record, or undefined before the first dataset. */
export const loadLastDataset = async (
  objectStore: ObjectStore,
  runUri: string,
  purpose: StagingPurpose,
): Promise<LastDataset | undefined> => {
  const uri = lastDatasetUri(runUri, purpose);
  try {
    const { text } = await objectStore.getText(uri);
    const dataset = LastDataset.safeParse(JSON.parse(text));
    if (!dataset.success) {
      throw new DatasetMismatchError(
        `${uri} is not the record of a dataset; delete it to begin anew.\n${z.prettifyError(dataset.error)}`,
      );
    }
    return dataset.data;
  } catch (error) {
    if (error instanceof ObjectMissingError) return undefined;
    throw error;
  }
};
