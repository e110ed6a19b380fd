import { loadManifest, manifestUri } from '#shared/dataset/manifest.ts';
import { FeatureMismatchError } from '#shared/errors.ts';
import { logger } from '#shared/logger.ts';
import { contractFor } from '#shared/models/feature-contract.ts';
import { loadContract, UNRECORDED } from '#shared/models/load-contract.ts';
import { listOf, matchFeatures } from '#shared/models/match-features.ts';
import type { ModelRecord } from '#shared/models/model-record.ts';
import { unseenIn } from '#shared/models/unseen.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import type { Run } from '#shared/pipeline/run.ts';

/**
 * Holds the staged rows against what the model was trained with, and answers what of them it hasn't seen.
 *
 * @throws FeatureMismatchError for other columns, and for an order that they weren't staged in for this model.
 */
export const checkFeatures = async (
  objectStore: ObjectStore,
  { runUri, definition }: Pick<Run, 'runUri' | 'definition'>,
  record: ModelRecord,
): Promise<string[]> => {
  const known = await loadContract(objectStore, record);
  if (!known) return [NOTHING_KNOWN];
  const contract = contractFor(known.contract, definition);
  const { columns, categories = {} } = await loadManifest(objectStore, manifestUri(runUri, 'score'));
  const features = columns.slice(definition.prediction!.source.key.length);
  const order = matchFeatures(contract, features, 'The dataset to score', known.isRecorded ? '' : UNRECORDED);
  if (order.some((position, index) => position !== index)) {
    throw new FeatureMismatchError(
      `The dataset to score has its features in another order: ${features.map(({ name }) => name).join(', ')}. ${listOf(contract)} ` +
        'It was staged for no model, or for another one. Start a new run.',
    );
  }
  const notes = [...(known.isRecorded ? [] : [UNRECORDED]), ...unseenIn(contract, features, categories)];
  // The notes quote values, which stay out of the log.
  if (notes.length > 0) logger.warn('The rows have what the model has not seen in training', { count: notes.length });
  return notes;
};

const NOTHING_KNOWN =
  'The model was trained elsewhere, and nothing records its features: that the columns are right, and in the right order, was not checked.';
