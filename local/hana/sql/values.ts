import {
  blobValue,
  DuckDBDecimalValue,
  DuckDBTimestampSecondsValue,
  type DuckDBValue,
  dateValue,
  timestampValue,
  timeValue,
} from '@duckdb/node-api';
import { type HanaDecimal, HanaError, type HanaType, type HanaTypeName, type HanaValue } from '../engine.ts';
import { atRow, hanaError, notSupported } from './errors.ts';
import { parseDate, parseNumber, parseTime, parseTimestamp } from './text-values.ts';

type Present = Exclude<HanaValue, null>;
type Converter = (value: Present) => DuckDBValue;

/** What turns the values of one parameter into DuckDB's. Throws 314, 339, 303 and 266 for values that don't fit the type. */
export function converterFor(type: HanaType): (value: HanaValue) => DuckDBValue {
  const convert = type.name === 'DECIMAL' ? decimalConverter(type) : CONVERTERS[type.name];
  return (value) => (value === null ? null : convert(value));
}

/** The value of one of many parameter rows; an error says which row it was. */
export function convertAt(convert: (value: HanaValue) => DuckDBValue, value: HanaValue, row: number): DuckDBValue {
  try {
    return convert(value);
  } catch (error) {
    throw error instanceof HanaError ? atRow(error, row) : error;
  }
}

const integer = (lowest: bigint, highest: bigint): Converter => {
  const wide = highest > BigInt(Number.MAX_SAFE_INTEGER);
  return (value) => {
    if (
      typeof value === 'number' &&
      Number.isInteger(value) &&
      !wide &&
      value >= Number(lowest) &&
      value <= Number(highest)
    )
      return value;
    const { unscaled, scale } = exact(value);
    const whole = scale > 0 ? unscaled / 10n ** BigInt(scale) : unscaled;
    if (whole < lowest || whole > highest) throw hanaError(314, `${shown(value)} is out of range`);
    return wide ? whole : Number(whole);
  };
};

const double: Converter = (value) => {
  if (typeof value === 'number') return finite(value, value);
  const { unscaled, scale } = exact(value);
  return finite(Number(`${unscaled}e${-scale}`), value);
};

const text: Converter = (value) => {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw hanaError(609, 'a text holds half of a surrogate pair');
    return value;
  }
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) throw hanaError(266, 'binary data for a text');
  if (value.kind === 'decimal') return decimalText(value);
  if (value.kind === 'date') return dateValue(value.days).toString();
  if (value.kind === 'time') return timeValue(value.micros).toString();
  return timestampValue(value.micros).toString();
};

const MICROS_PER_DAY = 86_400_000_000n;
const MICROS_PER_SECOND = 1_000_000n;

const floorDivide = (value: bigint, by: bigint): bigint => value / by - (value % by < 0n ? 1n : 0n);

const CONVERTERS: Readonly<Record<Exclude<HanaTypeName, 'DECIMAL'>, Converter>> = {
  BOOLEAN: (value) => {
    if (typeof value === 'boolean') return value;
    if (typeof value === 'number' || typeof value === 'bigint') return Number(value) !== 0;
    const word = typeof value === 'string' ? value.toUpperCase() : '';
    if (word !== 'TRUE' && word !== 'FALSE') throw hanaError(339, `${shown(value)} is not a BOOLEAN`);
    return word === 'TRUE';
  },
  TINYINT: integer(0n, 255n),
  SMALLINT: integer(-32768n, 32767n),
  INTEGER: integer(-2147483648n, 2147483647n),
  BIGINT: integer(-(2n ** 63n), 2n ** 63n - 1n),
  REAL: double,
  DOUBLE: double,
  VARCHAR: text,
  NVARCHAR: text,
  CLOB: text,
  NCLOB: text,
  VARBINARY: binary,
  BLOB: binary,
  DATE: (value) => dateValue(daysOf(value)),
  TIME: (value) => timeValue(microsOfDay(value)),
  SECONDDATE: (value) => new DuckDBTimestampSecondsValue(floorDivide(microsOf(value), MICROS_PER_SECOND)),
  TIMESTAMP: (value) => timestampValue(microsOf(value)),
};

function binary(value: Present): DuckDBValue {
  if (value instanceof Uint8Array) return blobValue(value);
  if (typeof value === 'string') return blobValue(Buffer.from(value));
  throw hanaError(266, `${shown(value)} for binary data`);
}

function decimalConverter({ length, scale, floatingDigits }: HanaType): Converter {
  const limit = 10n ** BigInt(length);
  return (value) => {
    const given = floatingDigits === undefined ? exact(value) : significant(exact(value), floatingDigits, scale);
    const unscaled = rescale(given, scale);
    if (unscaled >= limit || unscaled <= -limit)
      throw hanaError(314, `${shown(value)} does not fit DECIMAL(${length},${scale})`);
    return new DuckDBDecimalValue(unscaled, length, scale);
  };
}

/** Rounds to the digits of a floating DECIMAL. Throws 7 for one that this database would round further. */
function significant(value: Unscaled, digits: number, scale: number): Unscaled {
  const count = String(value.unscaled).replace('-', '').length;
  const kept = count <= digits ? value : shortened(value, count - digits);
  if (kept.scale > scale && kept.unscaled % 10n ** BigInt(kept.scale - scale) !== 0n)
    throw notSupported(`a floating DECIMAL with more than ${scale} digits behind the point`);
  return kept;
}

/** Without the last digits, which may stand before the point. */
function shortened({ unscaled, scale }: Unscaled, by: number): Unscaled {
  const rounded = rescale({ unscaled, scale: by }, 0);
  return scale >= by
    ? { unscaled: rounded, scale: scale - by }
    : { unscaled: rounded * 10n ** BigInt(by - scale), scale: 0 };
}

type Unscaled = Pick<HanaDecimal, 'unscaled' | 'scale'>;

/** Rounds half away from zero. */
function rescale({ unscaled, scale }: Unscaled, wanted: number): bigint {
  if (scale <= wanted) return unscaled * 10n ** BigInt(wanted - scale);
  const divisor = 10n ** BigInt(scale - wanted);
  const half = unscaled < 0n ? -divisor / 2n : divisor / 2n;
  return (unscaled + half) / divisor;
}

/** A number as an exact decimal. */
function exact(value: Present): { unscaled: bigint; scale: number } {
  if (typeof value === 'bigint') return { unscaled: value, scale: 0 };
  if (typeof value === 'boolean') return { unscaled: value ? 1n : 0n, scale: 0 };
  if (typeof value === 'number') return parseExact(String(finite(value, value)));
  if (typeof value === 'string') return parseExact(parseNumber(value));
  if (!(value instanceof Uint8Array) && value.kind === 'decimal') return value;
  throw hanaError(339, `${shown(value)} is not a number`);
}

/** Beyond this many digits no type of HANA holds a number, and a power of ten that large would eat the memory. */
const MAX_EXPONENT = 400;

function parseExact(number: string): { unscaled: bigint; scale: number } {
  const [mantissa = '', exponentText = '0'] = number.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const exponent = Number(exponentText);
  if (Math.abs(exponent) > MAX_EXPONENT) throw hanaError(314, `${number} is out of range`);
  const unscaled = BigInt(
    `${whole}${fraction}` === '' || whole === '+' || whole === '-'
      ? `${whole}0${fraction}`.replace('+', '')
      : `${whole}${fraction}`.replace('+', ''),
  );
  const scale = fraction.length - exponent;
  return scale >= 0 ? { unscaled, scale } : { unscaled: unscaled * 10n ** BigInt(-scale), scale: 0 };
}

function finite(number: number, value: Present): number {
  if (!Number.isFinite(number)) throw hanaError(314, `${shown(value)} is not a finite number`);
  return number;
}

function decimalText({ unscaled, scale }: HanaDecimal): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const sign = unscaled < 0n ? '-' : '';
  return scale > 0 ? `${sign}${whole}.${digits.slice(-scale)}` : `${sign}${whole}`;
}

function daysOf(value: Present): number {
  if (typeof value === 'string') return daysOfText(parseDate(value));
  if (typeof value === 'object' && 'kind' in value) {
    if (value.kind === 'date') return value.days;
    if (value.kind === 'timestamp') return Number(floorDivide(value.micros, MICROS_PER_DAY));
  }
  throw hanaError(303, `${shown(value)} is not a DATE`);
}

function microsOfDay(value: Present): bigint {
  if (typeof value === 'string') return microsOfTime(parseTime(value));
  if (typeof value === 'object' && 'kind' in value) {
    if (value.kind === 'time') return value.micros;
    if (value.kind === 'timestamp') return value.micros - floorDivide(value.micros, MICROS_PER_DAY) * MICROS_PER_DAY;
  }
  throw hanaError(303, `${shown(value)} is not a TIME`);
}

function microsOf(value: Present): bigint {
  if (typeof value === 'string') {
    const [date = '', time = ''] = parseTimestamp(value).split(' ');
    return BigInt(daysOfText(date)) * MICROS_PER_DAY + microsOfTime(time);
  }
  if (typeof value === 'object' && 'kind' in value) {
    if (value.kind === 'timestamp') return value.micros;
    if (value.kind === 'date') return BigInt(value.days) * MICROS_PER_DAY;
  }
  throw hanaError(303, `${shown(value)} is not a TIMESTAMP`);
}

function daysOfText(date: string): number {
  const [year, month, day] = date.split('-').map(Number) as [number, number, number];
  const moment = new Date(0);
  moment.setUTCFullYear(year, month - 1, day);
  return Math.round(moment.getTime() / 86_400_000);
}

function microsOfTime(time: string): bigint {
  const [clock = '', fraction = ''] = time.split('.');
  const [hour, minute, second] = clock.split(':').map(Number) as [number, number, number];
  return BigInt(hour * 3600 + minute * 60 + second) * MICROS_PER_SECOND + BigInt(fraction.padEnd(6, '0') || '0');
}

function shown(value: Present): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === 'object') return value.kind === 'decimal' ? decimalText(value) : `a ${value.kind}`;
  return `"${String(value).slice(0, 60)}"`;
}
