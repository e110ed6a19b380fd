import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { InvalidInputError } from '#shared/errors.ts';
import { type TypeKind, typeKind } from '#shared/warehouse/column-types.ts';
import type { WarehouseValue } from '#shared/warehouse/warehouse.ts';

/** A value that isn't NULL, in the one text form that its type has in CSV. */
export type ValueToText = (value: Exclude<WarehouseValue, null>) => string;

/** The exact text of a column's values: integers and decimals without exponent, floats in their shortest form. */
export const valueToText = (column: DatasetColumn): ValueToText => {
  const kind = typeKind(column);
  if (!kind) throw new InvalidInputError(`${column.name} has the HANA type ${column.type}, which has no text form.`);
  return TO_TEXT[kind];
};

/** Digits of a number in any notation, with the exponent written out: `1.5E-3` is `0.0015`. */
export const plainDigits = (number: string): string => {
  if (!number.includes('E') && !number.includes('e')) return number;
  const match = /^([+-]?)(\d*)\.?(\d*)[eE]([+-]?\d+)$/.exec(number);
  if (!match) return number;
  const [, sign = '', whole = '', fraction = '', exponent] = match;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  const padded = point <= 0 ? '0'.repeat(1 - point) + digits : digits.padEnd(point, '0');
  const at = Math.max(point, 1);
  const text = at < padded.length ? `${padded.slice(0, at)}.${padded.slice(at)}` : padded;
  return (sign === '-' ? '-' : '') + text.replace(/^0+(?=\d)/, '');
};

/** The fewest digits that read back as the same 32-bit float: 0.1, where the driver gives 0.10000000149011612. */
const shortestReal: ValueToText = (value) => {
  const number = Number(value);
  for (let digits = 6; digits < 9; digits += 1) {
    const text = String(Number(number.toPrecision(digits)));
    if (Math.fround(Number(text)) === Math.fround(number)) return text;
  }
  return String(Number(number.toPrecision(9)));
};

/** The driver gives nine digits of a fraction; HANA keeps seven. */
const timestampText: ValueToText = (value) => {
  const given = String(value);
  const text = given.charCodeAt(DATE_LENGTH) === SPACE ? given : given.replace('T', ' ');
  if (text.length <= 19) return text;
  let end = text.length;
  while (text.charCodeAt(end - 1) === ZERO) end -= 1;
  return text.slice(0, text.charCodeAt(end - 1) === POINT ? end - 1 : end);
};

const DATE_LENGTH = 'YYYY-MM-DD'.length;
const SPACE = ' '.charCodeAt(0);
const ZERO = '0'.charCodeAt(0);
const POINT = '.'.charCodeAt(0);

const TO_TEXT: Readonly<Record<TypeKind, ValueToText>> = {
  integer: String,
  decimal: (value) => plainDigits(String(value)),
  real: shortestReal,
  double: String,
  boolean: (value) => (value ? 'true' : 'false'),
  text: String,
  binary: (value) => Buffer.from(value as Uint8Array).toString('hex'),
  date: String,
  time: String,
  timestamp: timestampText,
};
