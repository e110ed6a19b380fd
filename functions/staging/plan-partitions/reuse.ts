import { hash } from 'node:crypto';
import type { LastDataset } from '#shared/dataset/last-dataset.ts';
import { folderOf, loadManifest, manifestUri } from '#shared/dataset/manifest.ts';
import { columnsRead, DATASETS_OF, type StagingPlan, type StagingPurpose } from '#shared/dataset/staging-plan.ts';
import { ObjectMissingError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import type { ReadSession } from '#shared/warehouse/warehouse.ts';

type Shape = Pick<StagingPlan, 'source' | 'key' | 'columns' | 'format' | 'refuseLineBreaks' | 'split'>;

export const shapeSha256 = ({ source, key, columns, format, refuseLineBreaks, split }: Shape): string =>
  hash('sha256', JSON.stringify({ source, key, columns, format, refuseLineBreaks, split }), 'hex');

/** Whether the view has the very rows of the last dataset. The checksum is asked for only if their number is the same. */
export const isUnchanged = async (
  session: ReadSession,
  plan: Shape & Pick<StagingPlan, 'runUri' | 'proof' | 'rowCount' | 'shapeSha256' | 'window'>,
  last: LastDataset | undefined,
): Promise<boolean> => {
  // A second try of a run's own planning may come after the run has sealed its dataset.
  if (!last || last.runUri === plan.runUri) return false;
  if (plan.window || plan.proof !== 'checksum' || plan.rowCount === 0) return false;
  if (last.shapeSha256 !== plan.shapeSha256 || last.rowCount !== plan.rowCount) return false;
  const view = { schema: plan.source.schema, name: plan.source.view };
  const [now] = await session.fingerprints(view, columnsRead(plan), [{}]);
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
