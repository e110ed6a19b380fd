import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { contractFor } from '#shared/models/feature-contract.ts';
import { loadContract, UNRECORDED } from '#shared/models/load-contract.ts';
import { matchFeatures } from '#shared/models/match-features.ts';
import { loadModelRecord } from '#shared/models/model-record.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import type { PipelineDefinition } from '#shared/pipeline/definition.ts';
import { qualified } from '#shared/warehouse/sql.ts';
import type { QualifiedName } from '#shared/warehouse/warehouse.ts';

/** Puts the columns of rows to score into an order: the key as it is, then the features. */
export type ColumnOrder = (view: QualifiedName, columns: readonly DatasetColumn[], keyCount: number) => DatasetColumn[];

/** Without a model, or where nothing is known of it, columns stay as `pipeline.yml` or the view has them. */
export const asGiven: ColumnOrder = (_, columns) => [...columns];

/**
 * The order that a model was trained with.
 *
 * @throws FeatureMismatchError, when it is used, for columns that aren't the model's features.
 */
export const modelOrder = async (
  objectStore: ObjectStore,
  definition: PipelineDefinition,
  modelRecordUri: string | null | undefined,
): Promise<ColumnOrder> => {
  if (!modelRecordUri) return asGiven;
  const known = await loadContract(objectStore, await loadModelRecord(objectStore, modelRecordUri));
  if (!known) return asGiven;
  const contract = contractFor(known.contract, definition);
  return (view, columns, keyCount) => {
    const key = columns.slice(0, keyCount);
    const features = columns.slice(keyCount);
    const order = matchFeatures(contract, features, `The view ${qualified(view)}`, remedy(known.isRecorded));
    return [...key, ...order.map((position) => features[position]!)];
  };
};

const remedy = (isRecorded: boolean): string =>
  'Name these in prediction.source.columns, or CAST and select them in the view; after a change of source.view, train a new model (mode "full").' +
  (isRecorded ? '' : ` ${UNRECORDED}`);
