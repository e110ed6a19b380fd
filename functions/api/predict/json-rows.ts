import { FeatureMismatchError } from '#shared/errors.ts';
import type { FeatureContract } from '#shared/models/feature-contract.ts';
import { featureRow } from '#shared/models/feature-rows.ts';
import { matchFeatures } from '#shared/models/match-features.ts';
import type { Value } from './schema.ts';

type NamedRow = Readonly<Record<string, Value>>;
type Row = readonly Value[] | NamedRow;

/** JSON rows as lines for the model: by name, each in whatever order, or by position. */
export const jsonRows = (rows: readonly Row[], contract: FeatureContract | undefined): string[] => {
  const [first] = rows;
  const mixed = rows.findIndex((row) => isPositional(row) !== isPositional(first!));
  if (mixed > 0) {
    throw new FeatureMismatchError(
      `Row ${mixed + 1} is ${kindOf(rows[mixed]!)}, and row 1 is ${kindOf(first!)}. Send all rows in one form.`,
    );
  }
  const width = contract?.features.length ?? Object.keys(first!).length;
  return rows.map((row, index) => {
    const where = `Row ${index + 1}`;
    const values = isPositional(row) ? row : inOrder(row, contract!, where);
    return featureRow(where, values.map(textOf), contract, width);
  });
};

const isPositional = (row: Row): row is readonly Value[] => Array.isArray(row);

const kindOf = (row: Row): string => (isPositional(row) ? 'a list of values' : 'an object of names');

const inOrder = (row: NamedRow, contract: FeatureContract, where: string): Value[] => {
  const names = Object.keys(row);
  const order = matchFeatures(
    contract,
    names.map((name) => ({ name })),
    where,
  );
  return order.map((position) => row[names[position]!]!);
};

/** Null is an empty field. */
const textOf = (value: Value): string | null => (value === null ? null : String(value));
