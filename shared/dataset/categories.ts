import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { isLarge, typeKind } from '#shared/warehouse/column-types.ts';
import type { Row } from '#shared/warehouse/warehouse.ts';

/** The values of text columns that have few of them. A column that isn't named has many, or long ones. */
export type Categories = Readonly<Record<string, readonly string[]>>;

/** A column with more values, or longer ones, holds free text or names; a model's record is no place for them. */
export const MAX_CATEGORIES = 50;
const MAX_CATEGORY_LENGTH = 64;

/** Collects the values of text columns as rows go by. A column that has too many costs nothing from then on. */
export const categoryCounter = (columns: readonly DatasetColumn[]) => {
  let open = columns.flatMap((column, index) =>
    typeKind(column) === 'text' && !isLarge(column) ? [{ name: column.name, index, seen: new Set<string>() }] : [],
  );
  return {
    add(rows: readonly Row[]): void {
      open = open.filter(({ index, seen }) => rows.every((row) => isCategory(row[index], seen)));
    },
    categories: (): Categories => Object.fromEntries(open.map(({ name, seen }) => [name, [...seen].sort()])),
  };
};

/** Adds a value to those that were seen; false when the column turns out to have no categories. */
const isCategory = (value: unknown, seen: Set<string>): boolean => {
  if (value === null || value === undefined) return true;
  const text = String(value);
  seen.add(text);
  return text.length <= MAX_CATEGORY_LENGTH && seen.size <= MAX_CATEGORIES;
};

/** The categories of a dataset, from those of its parts; undefined when a part doesn't tell. */
export const mergeCategories = (parts: readonly (Categories | undefined)[]): Categories | undefined => {
  const [first, ...others] = parts;
  if (!first || others.includes(undefined)) return undefined;
  const merged = Object.keys(first).flatMap((name) => {
    const values = new Set(parts.flatMap((part) => (Object.hasOwn(part!, name) ? part![name]! : [])));
    const isNamedByAll = parts.every((part) => Object.hasOwn(part!, name));
    return isNamedByAll && values.size <= MAX_CATEGORIES ? [[name, [...values].sort()] as const] : [];
  });
  return Object.fromEntries(merged);
};
