import { z } from 'zod';
import { Fingerprint, Window } from '#shared/dataset/manifest.ts';
import type { StagingPurpose } from '#shared/dataset/staging-plan.ts';
import { DatasetMismatchError, ObjectMissingError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { RunUri } from '#shared/pipeline/run.ts';
import { folderIn, parseRunUri } from '#shared/store/layout.ts';

/**
 * `datasets/<pipeline>/<purpose>.json`: what the last sealed dataset of a pipeline holds. Its watermark is where the next
 * run begins, so writing it is what seals a dataset with a watermark.
 */
export const LastDataset = z.strictObject({
  version: z.literal(1),
  runUri: RunUri,
  sealedAt: z.iso.datetime(),
  rowCount: z.int().nonnegative(),
  fingerprint: Fingerprint,
  shapeSha256: z.string().length(64),
  window: Window.optional(),
});
export type LastDataset = z.infer<typeof LastDataset>;

export const lastDatasetUri = (runUri: string, purpose: StagingPurpose): string => {
  const { storeUri, pipeline } = parseRunUri(runUri);
  return `${folderIn(storeUri, 'datasets')}${pipeline}/${purpose}.json`;
};

/** The record and its version, or undefined before the first dataset. */
export const loadLastDataset = async (
  objectStore: ObjectStore,
  runUri: string,
  purpose: StagingPurpose,
): Promise<{ readonly dataset: LastDataset; readonly etag: string } | undefined> => {
  const uri = lastDatasetUri(runUri, purpose);
  try {
    const { text, etag } = await objectStore.getText(uri);
    const dataset = LastDataset.safeParse(JSON.parse(text));
    if (!dataset.success) {
      throw new DatasetMismatchError(
        `${uri} is not the record of a dataset; delete it to begin anew.\n${z.prettifyError(dataset.error)}`,
      );
    }
    return { dataset: dataset.data, etag };
  } catch (error) {
    if (error instanceof ObjectMissingError) return undefined;
    throw error;
  }
};
