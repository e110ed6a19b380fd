import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { FeatureMismatchError } from '#shared/errors.ts';
import type { Feature, FeatureContract } from '#shared/models/feature-contract.ts';
import { didYouMean } from '#shared/nearest-names.ts';
import { type TypeKind, typeDdl, typeKind } from '#shared/warehouse/column-types.ts';

/** A column that is to be a feature; without a type where only its name is known. */
export type OfferedColumn = Pick<DatasetColumn, 'name'> & Partial<DatasetColumn>;

/**
 * Where each of a model's features stands among the columns that are offered, in the model's order.
 *
 * @param place what offers them, as the subject of the message, such as `The view "SPACE"."V"`.
 * @throws FeatureMismatchError with the whole difference: missing, extra, of another type, or no feature at all.
 */
export const matchFeatures = (
  contract: FeatureContract,
  offered: readonly OfferedColumn[],
  place: string,
  remedy = '',
): number[] => {
  const positions = new Map(offered.map(({ name }, index) => [name, index]));
  const problems = [
    ...missing(contract, positions),
    ...repeated(offered),
    ...extra(contract, offered),
    ...retyped(contract, offered),
  ];
  if (problems.length > 0) {
    throw new FeatureMismatchError(
      `${place} doesn't have the features that the model was trained with.\n${problems.map((problem) => `  ${problem}`).join('\n')}\n` +
        `${listOf(contract)}${remedy && ` ${remedy}`}`,
    );
  }
  return contract.features.map(({ name }) => positions.get(name)!);
};

/** How many columns a message names; a view has up to 1,000. */
const MAX_NAMED = 50;

export const listOf = ({ features }: Pick<FeatureContract, 'features'>): string => {
  const names = features.slice(0, MAX_NAMED).map(({ name }) => name);
  const more = features.length > MAX_NAMED ? ` and ${features.length - MAX_NAMED} more` : '';
  return `The model takes ${features.length}, in this order: ${names.join(', ')}${more}.`;
};

const missing = ({ features }: FeatureContract, positions: ReadonlyMap<string, number>): string[] =>
  features
    .filter(({ name }) => !positions.has(name))
    .map((feature) => `missing: ${feature.name}, ${typeDdl(feature)} in training.`);

const repeated = (offered: readonly OfferedColumn[]): string[] => {
  const names = offered.map(({ name }) => name);
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [...twice].map((name) => `there twice: ${name}.`);
};

const extra = ({ features, key, target }: FeatureContract, offered: readonly OfferedColumn[]): string[] => {
  const known = new Set(features.map(({ name }) => name));
  return offered
    .filter(({ name }) => !known.has(name))
    .map(({ name }) => {
      if (name === target) return `extra: ${name} is the target: what the model predicts isn't given to it.`;
      if (key.includes(name)) return `extra: ${name} was the key in training, and no feature.`;
      return `extra: ${name}.${didYouMean(name, known)}`;
    });
};

const retyped = ({ features }: FeatureContract, offered: readonly OfferedColumn[]): string[] => {
  const byName = new Map(offered.map((column) => [column.name, column]));
  return features.flatMap((feature) => {
    const column = byName.get(feature.name);
    if (!column || !isTyped(column) || textForm(column) === textForm(feature)) return [];
    return [`another type: ${feature.name} is ${typeDdl(column)}, and was ${typeDdl(feature)} in training.`];
  });
};

const isTyped = (column: OfferedColumn): column is DatasetColumn => column.type !== undefined;

/** Types whose values are written alike, so that a model can't tell them apart. Lengths and ranges are no matter. */
const textForm = (column: Pick<Feature, 'type'>): TypeKind | undefined => {
  const kind = typeKind(column);
  return kind === 'real' ? 'double' : kind;
};
