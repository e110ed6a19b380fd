import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { InvalidInputError, UnwritableValueError } from '#shared/errors.ts';
import { isFloatingDecimal, isLarge, type TypeKind, typeKind } from '#shared/warehouse/column-types.ts';
import { bareText, isList } from '#shared/warehouse/model-text.ts';
import { plainDigits } from '#shared/warehouse/value-text.ts';
import type { WarehouseValue } from '#shared/warehouse/warehouse.ts';

/**
 * Turns the text of a field into the value to bind for the column. What models write for a missing value becomes NULL but in
 * a column of texts, and so do the infinities, which HANA's numbers don't have.
 *
 * @throws UnwritableValueError that says what is wrong with the value and never what it is.
 */
export const textToValue = (column: DatasetColumn): ((text: string | null) => WarehouseValue) => {
  const kind = typeKind(column);
  if (!kind) throw new InvalidInputError(`${column.name} has the HANA type ${column.type}, which can't be written.`);
  const convert = FROM_TEXT[kind];
  const isNumber = NUMBERS.has(kind);
  const bareOf = kind === 'text' || kind === 'binary' ? (text: string) => text : bareText;
  return (text) => {
    const bare = text === null ? undefined : bareOf(text);
    const value = bare === undefined || (isNumber && INFINITE.test(bare)) ? null : convert(bare, column);
    if (value === null && !column.nullable) throw new UnwritableValueError('there is no value where one must be');
    return value;
  };
};

const NUMBERS: ReadonlySet<TypeKind> = new Set(['integer', 'decimal', 'real', 'double']);

const INFINITE = /^[+-]?inf(inity)?$/i;

/** Three digits of an exponent are more than any number type of HANA holds; without a limit `1e999999999` fills memory. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/;

type FromText = (text: string, column: DatasetColumn) => WarehouseValue;

const INTEGER_BITS: Readonly<Record<string, readonly [min: bigint, max: bigint]>> = {
  TINYINT: [0n, 255n],
  SMALLINT: [-(2n ** 15n), 2n ** 15n - 1n],
  INTEGER: [-(2n ** 31n), 2n ** 31n - 1n],
  BIGINT: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** Models answer whole numbers as `1.0` too. */
const integer: FromText = (text, { type }) => {
  const [, digits] = /^([+-]?\d+)(?:\.0*)?$/.exec(plainNumber(text)) ?? [];
  if (digits === undefined) throw bad('a whole number', text);
  const value = BigInt(digits.replace(/^\+/, ''));
  const [min, max] = INTEGER_BITS[type]!;
  if (value < min || value > max) throw new UnwritableValueError(`the number is outside of ${min} to ${max}`);
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
};

/** Digits beyond the column's scale are rounded, half away from zero. */
const decimal: FromText = (text, column) => {
  const number = plainNumber(text);
  if (isFloatingDecimal(column)) return number;
  const { length } = column;
  const scale = column.scale ?? 0;
  const [, sign = '', whole = '', fraction = ''] = /^([+-]?)(\d*)\.?(\d*)$/.exec(number)!;
  const units = BigInt(`0${whole}${fraction.slice(0, scale).padEnd(scale, '0')}`);
  const rounded = String(units + ((fraction[scale] ?? '0') >= '5' ? 1n : 0n)).padStart(scale + 1, '0');
  if (rounded.length > Math.max(length, scale + 1) || rounded.replace(/^0+/, '').length > length) {
    throw new UnwritableValueError(`the number has more than ${length - scale} digits before the point`);
  }
  const point = rounded.length - scale;
  const digits = scale === 0 ? rounded : `${rounded.slice(0, point)}.${rounded.slice(point)}`;
  return sign === '-' && /[1-9]/.test(digits) ? `-${digits}` : digits;
};

const double: FromText = (text) => finite(Number(plainNumber(text)));

const real: FromText = (text) => finite(Math.fround(Number(plainNumber(text))));

const finite = (number: number): number => {
  if (!Number.isFinite(number)) throw new UnwritableValueError('the number is too large for the column');
  return number;
};

/** A classifier of two classes may answer True and False where 1 and 0 are to be written. */
const plainNumber = (text: string): string => {
  if (NUMBER.test(text)) return plainDigits(text);
  if (/^true$/i.test(text)) return '1';
  if (/^false$/i.test(text)) return '0';
  throw bad('a number', text);
};

/** NumPy's savetxt writes 1 as 1.000000000000000000e+00. */
const boolean: FromText = (text) => {
  const number = NUMBER.test(text) || /^(true|false)$/i.test(text) ? Number(plainNumber(text)) : undefined;
  if (number !== 0 && number !== 1) throw bad('true or false', text);
  return number === 1;
};

/** From this size on the driver may lose an NCLOB's characters outside the Basic Multilingual Plane. */
const MAX_SAFE_NCLOB_BYTES = 1024 * 1024;

/** The driver checks no lengths. NVARCHAR counts UTF-16 units, VARCHAR bytes. */
const text: FromText = (value, column) => {
  if (isLarge(column)) {
    if (/[\ud800-\udfff]/.test(value) && Buffer.byteLength(value) > MAX_SAFE_NCLOB_BYTES) {
      throw new UnwritableValueError('a text with emoji or the like of more than 1 MiB can be damaged on its way');
    }
    return value;
  }
  const length = column.type === 'VARCHAR' || column.type === 'CHAR' ? Buffer.byteLength(value) : value.length;
  if (length > column.length) {
    throw new UnwritableValueError(`the text has a length of ${length}, and the column takes ${column.length}`);
  }
  return value;
};

const binary: FromText = (text, column) => {
  if (!/^([\da-f]{2})*$/i.test(text)) throw bad('hexadecimal', text);
  const bytes = Buffer.from(text, 'hex');
  if (!isLarge(column) && bytes.length > column.length) {
    throw new UnwritableValueError(`there are ${bytes.length} bytes, and the column takes ${column.length}`);
  }
  return bytes;
};

/** A date, also as the midnight that pandas makes of it. */
const date: FromText = (text) => {
  const [, day] = /^(\d{4}-\d{2}-\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00)?)?$/.exec(text) ?? [];
  if (day === undefined || !isCalendarDay(day)) throw bad('a date as YYYY-MM-DD', text);
  return day;
};

const time: FromText = (text) => {
  if (!/^([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/.test(text)) throw bad('a time as HH:MM:SS', text);
  return text;
};

/** Without the time of day where pandas leaves it out, which it does when all are midnights. */
const TIMESTAMP =
  /^(\d{4}-\d{2}-\d{2})(?:[T ]((?:[01]\d|2[0-3]):[0-5]\d)(?:(:[0-5]\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** HANA keeps seven digits of a second, and no offset from UTC. */
const timestamp: FromText = (text, { type }) => {
  const [, day, clock = '00:00', seconds = ':00', fraction = '', offset = 'Z'] = TIMESTAMP.exec(text) ?? [];
  if (day === undefined || !isCalendarDay(day)) throw bad('a timestamp as YYYY-MM-DD HH:MM:SS', text);
  if (!/^(Z|[+-]00:?00)$/.test(offset)) {
    throw new UnwritableValueError(`a timestamp of UTC is needed, and there is one with the offset ${offset}`);
  }
  const moment = `${day} ${clock}${seconds}`;
  return type === 'SECONDDATE' || fraction === '' ? moment : `${moment}.${fraction.slice(0, 7)}`;
};

const isCalendarDay = (day: string): boolean => {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
  return (
    year > 0 && new Date(Date.UTC(2000 + (year % 400), month - 1, date)).toISOString().slice(5, 10) === day.slice(5)
  );
};

const FROM_TEXT: Readonly<Record<TypeKind, FromText>> = {
  integer,
  decimal,
  real,
  double,
  boolean,
  text,
  binary,
  date,
  time,
  timestamp,
};

const bad = (wanted: string, text: string): UnwritableValueError =>
  new UnwritableValueError(`${wanted} is needed, and there is ${shapeOf(text)}`);

/** What a value looks like, without saying what it is. */
const shapeOf = (text: string): string => {
  if (text === '') return 'an empty text';
  if (NUMBER.test(text)) return 'another number';
  if (isList(text)) return 'a list in brackets: the model must answer one value for each column';
  return `a text of ${text.length} ${text.length === 1 ? 'character' : 'characters'}`;
};
