import type { SchemaElement } from 'hyparquet';
import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { refuseLoneSurrogates } from '#shared/dataset/well-formed.ts';
import { UnstageableValueError } from '#shared/errors.ts';
import { isFloatingDecimal, type TypeKind, typeKind } from '#shared/warehouse/column-types.ts';
import { plainDigits, valueToText } from '#shared/warehouse/value-text.ts';
import type { WarehouseValue } from '#shared/warehouse/warehouse.ts';

type Value = Exclude<WarehouseValue, null>;

export interface ParquetColumn {
  readonly element: SchemaElement;
  /** The value as the writer takes it for the element's physical type. */
  readonly encode: (value: Value) => unknown;
}

/**
 * HANA's type in Parquet's terms. What has no exact counterpart is text, in the form that it has in CSV: a floating
 * DECIMAL, whose point may be anywhere.
 */
export const parquetColumn = (column: DatasetColumn): ParquetColumn => {
  const { encode, ...type } = COLUMNS[typeKind(column)!](column);
  return {
    element: { name: column.name, repetition_type: column.nullable ? 'OPTIONAL' : 'REQUIRED', ...type },
    encode,
  };
};

type Typed = Omit<SchemaElement, 'name' | 'repetition_type'> & Pick<ParquetColumn, 'encode'>;

const TEXT: Typed = {
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  logical_type: { type: 'STRING' },
  encode: (value) => {
    const text = String(value);
    refuseLoneSurrogates(text);
    return text;
  },
};

const integer = ({ type }: DatasetColumn): Typed =>
  type === 'BIGINT'
    ? { type: 'INT64', converted_type: 'INT_64', encode: (value) => BigInt(value as number | string) }
    : { type: 'INT32', converted_type: INT32_TYPES[type]!, encode: Number };

const INT32_TYPES: Readonly<Record<string, SchemaElement['converted_type']>> = {
  TINYINT: 'UINT_8',
  SMALLINT: 'INT_16',
  INTEGER: 'INT_32',
};

/** 38 digits are less than 2^127. */
const DECIMAL_BYTES = 16;

/** The writer takes the digits as one whole number. Nine of them are less than 2^31, eighteen less than 2^63. */
const decimal = (column: DatasetColumn): Typed => {
  if (isFloatingDecimal(column)) return { ...TEXT, encode: valueToText(column) };
  const precision = column.length;
  const scale = column.scale ?? 0;
  const encode = (value: Value): bigint => unscaledDigits(String(value), scale);
  const element = { converted_type: 'DECIMAL', precision, scale, encode } as const;
  if (precision <= 9) return { ...element, type: 'INT32' };
  if (precision <= 18) return { ...element, type: 'INT64' };
  return { ...element, type: 'FIXED_LEN_BYTE_ARRAY', type_length: DECIMAL_BYTES };
};

const unscaledDigits = (text: string, scale: number): bigint => {
  const [whole = '', fraction = ''] = plainDigits(text).split('.');
  return BigInt(`${whole}${fraction.padEnd(scale, '0')}`);
};

const MILLISECONDS_PER_DAY = 86_400_000;

const daysOf = (date: string): number => Date.parse(`${date}T00:00:00Z`) / MILLISECONDS_PER_DAY;

const DATE: Typed = {
  type: 'INT32',
  converted_type: 'DATE',
  logical_type: { type: 'DATE' },
  encode: (value) => daysOf(String(value)),
};

const TIME: Typed = {
  type: 'INT32',
  converted_type: 'TIME_MILLIS',
  encode: (value) => {
    const [hours = 0, minutes = 0, seconds = 0] = String(value).split(':').map(Number);
    return ((hours * 60 + minutes) * 60 + seconds) * 1000;
  },
};

/** Microseconds, which every reader knows and which reach from year 1 to 9999; nanoseconds would end in 2262. */
const timestamp = (column: DatasetColumn): Typed => {
  const toText = valueToText(column);
  return {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MICROS' },
    encode: (value) => {
      const text = toText(value);
      const fraction = text.slice(20);
      if (fraction.length > 6) {
        throw new UnstageableValueError(
          `A value of ${column.name} has a seventh digit behind the second, which Parquet's microseconds have no room for. Round it in the view, or stage CSV.`,
        );
      }
      const seconds = Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}Z`) / 1000;
      return BigInt(seconds) * 1_000_000n + BigInt(fraction.padEnd(6, '0') || '0');
    },
  };
};

const COLUMNS: Readonly<Record<TypeKind, (column: DatasetColumn) => Typed>> = {
  integer,
  decimal,
  real: () => ({ type: 'FLOAT', encode: Number }),
  double: () => ({ type: 'DOUBLE', encode: Number }),
  boolean: () => ({ type: 'BOOLEAN', encode: Boolean }),
  text: () => TEXT,
  binary: () => ({ type: 'BYTE_ARRAY', encode: (value) => value }),
  date: () => DATE,
  time: () => TIME,
  timestamp,
};
