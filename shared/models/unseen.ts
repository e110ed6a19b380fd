import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import type { FeatureContract } from '#shared/models/feature-contract.ts';

/** Values that a note quotes. */
const MAX_QUOTED = 3;

/**
 * What rows have that the model was trained without: NULL where there was none, and categories. Neither is a mistake, as
 * many models know what to do with them; but predictions that surprise are explained by it.
 *
 * @param categories the values of the rows' text columns that have few.
 */
export const unseenIn = (
  { features }: FeatureContract,
  columns: readonly DatasetColumn[],
  categories: Readonly<Record<string, readonly string[]>>,
): string[] => {
  const byName = new Map(columns.map((column) => [column.name, column]));
  return features.flatMap(({ name, nullable, categories: seen }) => [
    ...(byName.get(name)?.nullable && !nullable ? [`${name} may be NULL, and was NOT NULL in training.`] : []),
    ...newCategories(name, seen, categories[name] ?? []),
  ]);
};

const newCategories = (name: string, seen: readonly string[] | undefined, now: readonly string[]): string[] => {
  if (!seen) return [];
  const unseen = now.filter((category) => !seen.includes(category));
  if (unseen.length === 0) return [];
  const quoted = unseen.slice(0, MAX_QUOTED).map((category) => JSON.stringify(category));
  const more = unseen.length > MAX_QUOTED ? ` and ${unseen.length - MAX_QUOTED} more` : '';
  return [`${name} has ${quoted.join(', ')}${more}, which it never had in training.`];
};
