import { z } from 'zod';
import { DatasetColumn, type DatasetManifest } from '#shared/dataset/manifest.ts';
import type { PipelineDefinition, TrainingSource } from '#shared/pipeline/definition.ts';

/** A column that a model was trained with, and for a text the values it had, where they were few. */
export const Feature = DatasetColumn.extend({ categories: z.array(z.string()).readonly().optional() });
export type Feature = z.infer<typeof Feature>;

/** What a model takes: its features in their order, and the columns beside them, which it must not be given. */
export const FeatureContract = z.strictObject({
  features: z.array(Feature),
  key: z.array(z.string()),
  target: z.string(),
});
export type FeatureContract = z.infer<typeof FeatureContract>;

/** The contract of whatever is trained on a dataset: all of its columns but key and target are features. */
export const contractOf = (
  { columns, categories = {} }: Pick<DatasetManifest, 'columns' | 'categories'>,
  { key, target }: Pick<TrainingSource, 'key' | 'target'>,
): FeatureContract => ({
  features: columns
    .filter(({ name }) => name !== target && !key.includes(name))
    .map((column) =>
      Object.hasOwn(categories, column.name) ? { ...column, categories: categories[column.name] } : column,
    ),
  key: [...key],
  target,
});

/**
 * The contract for a pipeline that scores by other keys than it trained by. A column that `prediction.source` reads for its
 * key, and one for its watermark or partitions that it doesn't list, never reaches the model; so the script doesn't use it.
 */
export const contractFor = (
  contract: FeatureContract,
  { prediction }: Pick<PipelineDefinition, 'prediction'>,
): FeatureContract => {
  if (!prediction) return contract;
  const { key, columns, watermark, splitColumn } = prediction.source;
  const unlisted = [watermark, splitColumn].filter((name) => columns && name !== undefined && !columns.includes(name));
  const withheld = new Set([...key, ...unlisted]);
  return { ...contract, features: contract.features.filter(({ name }) => !withheld.has(name)) };
};
