import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { typeKind } from '#shared/warehouse/column-types.ts';
import type { Measure, Range } from '#shared/warehouse/warehouse.ts';

/** The rows that one function reads in a few seconds at some 100,000 rows a second, so that a retry costs little. */
const ROWS_PER_PARTITION = 250_000;

/** Beyond this many partitions each gets more rows instead. A Distributed Map runs 10,000 children at most. */
const MAX_PARTITIONS = 1_000;

export interface PartitionPlan {
  /** One a partition: together every row of the view, each once. Undefined stands for all rows. */
  readonly ranges: readonly (Range | undefined)[];
  /** For a person: why these. */
  readonly explanation: string;
}

/** The first column of the key that ranges can be cut of: one whose numbers are exact. */
export const splitColumnOf = (key: readonly DatasetColumn[]): DatasetColumn | undefined =>
  key.find((column) => ['integer', 'decimal'].includes(typeKind(column) ?? ''));

/**
 * Cuts a view into ranges of equal width between the extremes of its split column, with a partition of its own for NULL.
 * The first and the last range are open, so that rows which arrive after the measuring are read as well.
 */
export const planPartitions = (measure: Measure, column: DatasetColumn | undefined): PartitionPlan => {
  const wanted = Math.min(Math.ceil(measure.rowCount / ROWS_PER_PARTITION), MAX_PARTITIONS);
  if (wanted <= 1) return whole(`The view has ${count(measure.rowCount)} rows, which one partition holds.`);
  if (!column) return whole('No column of the key is an exact number, so that there is nothing to cut ranges of.');
  if (measure.min === undefined || measure.max === undefined) return whole(`${column.name} is NULL in every row.`);
  return cut(measure, { min: measure.min, max: measure.max }, column, wanted);
};

const whole = (explanation: string): PartitionPlan => ({ ranges: [undefined], explanation });

const cut = (
  measure: Measure,
  extremes: { readonly min: string; readonly max: string },
  { name, scale }: DatasetColumn,
  wanted: number,
): PartitionPlan => {
  const digits = scale ?? 0;
  const min = scaled(extremes.min, digits);
  const width = scaled(extremes.max, digits) - min + 1n;
  const rangeCount = width < BigInt(wanted) ? Number(width) : wanted;
  const bounds = Array.from({ length: rangeCount - 1 }, (_, index) =>
    unscaled(min + (width * BigInt(index + 1)) / BigInt(rangeCount), digits),
  );
  const ranges = Array.from({ length: rangeCount }, (_, index) => ({
    column: name,
    from: bounds[index - 1],
    below: bounds[index],
  }));
  const ofNull = measure.nullCount > 0 ? [{ column: name, isNull: true as const }] : [];
  const explanation = `${rangeCount} ${rangeCount === 1 ? 'range' : 'ranges'} of ${name} from ${extremes.min} to ${extremes.max}${
    ofNull.length > 0 ? `, and one partition for ${count(measure.nullCount)} rows without a value` : ''
  }, for ${count(measure.rowCount)} rows.`;
  return { ranges: [...ranges, ...ofNull], explanation };
};

const count = (rows: number): string => rows.toLocaleString('en-US');

/** The number in units of its last digit, rounded down. */
const scaled = (number: string, digits: number): bigint => {
  const [, sign, integer = '0', fraction = ''] = /^(-?)(\d*)(?:\.(\d*))?$/.exec(number)!;
  const magnitude = BigInt(integer + fraction.slice(0, digits).padEnd(digits, '0'));
  const cutOff = /[1-9]/.test(fraction.slice(digits)) ? 1n : 0n;
  return sign ? -magnitude - cutOff : magnitude;
};

const unscaled = (value: bigint, digits: number): string => {
  if (digits === 0) return String(value);
  const magnitude = String(value < 0n ? -value : value).padStart(digits + 1, '0');
  return `${value < 0n ? '-' : ''}${magnitude.slice(0, -digits)}.${magnitude.slice(-digits)}`;
};
