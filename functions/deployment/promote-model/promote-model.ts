import { loadModelRecord, promote } from '#shared/models/model-record.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { writeFact } from '#shared/pipeline/facts.ts';
import { storeUriOf } from '#shared/pipeline/run.ts';
import type { PromoteModelInput, PromoteModelOutput } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
}

/**
 * Makes the model that serves now the pipeline's champion, which later runs score with. With this the deployment is
 * finished: a run that is resumed doesn't deploy again.
 */
export const promoteModel = async (
  { runUri, modelRecordUri }: PromoteModelInput,
  { objectStore }: Ports,
): Promise<PromoteModelOutput> => {
  const record = await loadModelRecord(objectStore, modelRecordUri);
  await promote(objectStore, { modelRecordUri, record, storeUri: storeUriOf(runUri), runUri });
  await writeFact(objectStore, runUri, 'promotion', { modelRecordUri });
  return { modelRecordUri };
};
