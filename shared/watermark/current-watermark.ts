import type { StagingPurpose } from '#shared/dataset/staging-plan.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import type { Run } from '#shared/pipeline/run.ts';
import type { Warehouse } from '#shared/warehouse/warehouse.ts';
import { publishedWatermark } from './published-watermark.ts';
import { trainedWatermark } from './trained-watermark.ts';
import type { Watermark } from './watermark.ts';

/** Up to where a pipeline's rows have arrived: scored rows in the target table, training rows in a registered model. */
export const currentWatermark = async (
  { objectStore, warehouse }: { readonly objectStore: ObjectStore; readonly warehouse: Warehouse },
  { runUri, runId, pipeline, definition }: Pick<Run, 'runUri' | 'runId' | 'pipeline' | 'definition'>,
  purpose: StagingPurpose,
): Promise<Watermark | undefined> => {
  if (purpose === 'training') return trainedWatermark(objectStore, runUri);
  const table = definition.prediction?.target.table;
  return table === undefined
    ? undefined
    : warehouse.write({ runId }, (session) => publishedWatermark(session, { pipeline, table }));
};
