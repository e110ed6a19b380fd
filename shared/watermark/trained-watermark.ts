import { z } from 'zod';
import type { Window } from '#shared/dataset/manifest.ts';
import { DatasetMismatchError, ObjectMissingError } from '#shared/errors.ts';
import { findModelRecord } from '#shared/models/model-record.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { folderIn, parseRunUri } from '#shared/store/layout.ts';
import { uriIn } from '#shared/store/uri.ts';
import { assertNext, Watermark } from './watermark.ts';

/**
 * `datasets/<pipeline>/training-watermark.json`. A claim is made before its model is registered, and counts from the moment that
 * the model's record is there: so registering the model is what moves the watermark, wherever a run is stopped.
 */
const TrainingWatermark = z.strictObject({
  version: z.literal(1),
  settled: Watermark.optional(),
  claimed: z.strictObject({ ...Watermark.shape, modelRecordUri: uriIn('models') }),
});

/** Up to where rows are in a registered model of the pipeline; undefined before the first one. */
export const trainedWatermark = async (objectStore: ObjectStore, runUri: string): Promise<Watermark | undefined> =>
  (await load(objectStore, watermarkUri(runUri)))?.current;

/**
 * Claims the rows of a run for the model that is about to be registered. Claiming again changes nothing.
 *
 * @throws DatasetMismatchError when a model was registered with the rows since they were planned.
 * @throws ObjectChangedError when another run has claimed in between; a retry then decides again.
 */
export const claimTrainedWatermark = async (
  objectStore: ObjectStore,
  { runUri, window, modelRecordUri }: { runUri: string; window: z.infer<typeof Window>; modelRecordUri: string },
): Promise<void> => {
  const uri = watermarkUri(runUri);
  const { runId } = parseRunUri(runUri);
  const known = await load(objectStore, uri);
  if (known?.claimed.runId === runId && known.claimed.modelRecordUri === modelRecordUri) return;
  assertNext(known?.current, window);
  const record: z.infer<typeof TrainingWatermark> = {
    version: 1,
    ...(known?.current ? { settled: known.current } : {}),
    claimed: { column: window.column, upTo: window.upTo, runId, modelRecordUri },
  };
  await objectStore.put(
    uri,
    JSON.stringify(record, null, 2),
    known === undefined ? { ifNoneMatch: '*' } : { ifMatch: known.etag },
  );
};

const watermarkUri = (runUri: string): string => {
  const { storeUri, pipeline } = parseRunUri(runUri);
  return `${folderIn(storeUri, 'datasets')}${pipeline}/training-watermark.json`;
};

const load = async (objectStore: ObjectStore, uri: string) => {
  const found = await textOf(objectStore, uri);
  if (!found) return undefined;
  const record = TrainingWatermark.safeParse(JSON.parse(found.text));
  if (!record.success) {
    throw new DatasetMismatchError(
      `${uri} is not the watermark of a pipeline; delete it to train on all rows again.\n${z.prettifyError(record.error)}`,
    );
  }
  const { settled, claimed } = record.data;
  const { modelRecordUri, ...mark } = claimed;
  const isRegistered = (await findModelRecord(objectStore, modelRecordUri)) !== undefined;
  return { etag: found.etag, claimed, current: isRegistered ? mark : settled };
};

const textOf = async (objectStore: ObjectStore, uri: string) => {
  try {
    return await objectStore.getText(uri);
  } catch (error) {
    if (error instanceof ObjectMissingError) return undefined;
    throw error;
  }
};
