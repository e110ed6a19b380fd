import { hash } from 'node:crypto';
import type { LastDataset } from '#shared/dataset/last-dataset.ts';
import { folderOf, loadManifest, manifestUri } from '#shared/dataset/manifest.ts';
import { columnsRead, DATASETS_OF, type StagingPlan, type StagingPurpose } from '#shared/dataset/staging-plan.ts';
import { ObjectMissingError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import type { ReadSession } from '#shared/warehouse/warehouse.ts';
import type { ReadingSettings } from './request.ts';

/** What is staged and how, but for the rows. */
export type Shape = Pick<StagingPlan, 'source' | 'key' | 'columns' | 'format' | 'refuseLineBreaks' | 'split'>;

export const shapeSha256 = ({ source, key, columns, format, refuseLineBreaks, split }: Shape): string =>
  hash('sha256', JSON.stringify({ source, key, columns, format, refuseLineBreaks, split }), 'hex');

/**
 * Whether the view has the very rows of the last dataset, wanted in the same shape. Asked before the view is measured, which
 * takes as long and isn't needed then; the checksum only if the number of rows is the same.
 */
export const isUnchanged = async (
  session: ReadSession,
  shape: Shape,
  { proof, watermark }: Pick<ReadingSettings, 'proof' | 'watermark'>,
  last: LastDataset,
): Promise<boolean> => {
  if (watermark !== undefined || proof !== 'checksum' || last.rowCount === 0) return false;
  if (last.shapeSha256 !== shapeSha256(shape)) return false;
  const view = { schema: shape.source.schema, name: shape.source.view };
  if ((await session.measure(view)).rowCount !== last.rowCount) return false;
  const [now] = await session.fingerprints(view, columnsRead(shape), [{}]);
  return now!.checksum === last.fingerprint.checksum && now!.rowCount === last.fingerprint.rowCount;
};

/** Whether every part of an earlier run's datasets is still there. */
export const isKept = async (objectStore: ObjectStore, runUri: string, purpose: StagingPurpose): Promise<boolean> => {
  try {
    for (const dataset of DATASETS_OF[purpose]) {
      const manifest = await loadManifest(objectStore, manifestUri(runUri, dataset));
      const missing = new Map(manifest.parts.map(({ uri, sizeBytes }) => [uri, sizeBytes]));
      for await (const { uri, sizeBytes } of objectStore.list(folderOf(manifest))) {
        if (missing.get(uri) === sizeBytes) missing.delete(uri);
      }
      if (missing.size > 0) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof ObjectMissingError) return false;
    throw error;
  }
};
