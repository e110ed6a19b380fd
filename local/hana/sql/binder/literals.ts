import { decimal, fixed, nvarchar, varbinary, varchar } from '../column-types.ts';
import { textLiteral } from '../duckdb-text.ts';
import { hanaError } from '../errors.ts';
import type { Literal } from '../parser/ast.ts';
import { parseDate, parseTime, parseTimestamp } from '../text-values.ts';
import { type Bound, bound } from './bound.ts';

/** A literal with the type that HANA gives it. */
export function bindLiteral(literal: Literal): Bound {
  return BINDERS[literal.type](String((literal as { value?: unknown }).value ?? ''));
}

const BINDERS: Readonly<Record<Literal['type'], (value: string) => Bound>> = {
  string: (value) => ({
    ...bound(textLiteral(value), isAscii(value) ? varchar(value.length) : nvarchar(value.length)),
    text: value,
  }),
  binary: (value) => bound(`unhex(${textLiteral(value)})`, varbinary(value.length / 2)),
  number: bindNumber,
  DATE: (value) => bound(`DATE '${parseDate(value)}'`, fixed('DATE')),
  TIME: (value) => bound(`TIME '${parseTime(value)}'`, fixed('TIME')),
  TIMESTAMP: (value) => bound(`TIMESTAMP '${parseTimestamp(value)}'`, fixed('TIMESTAMP')),
  boolean: (value) => bound(value.toUpperCase(), fixed('BOOLEAN')),
  null: () => ({ sql: 'NULL', nullable: true }),
};

const MAX_INTEGER = 2_147_483_647n;
const MAX_BIGINT = 9_223_372_036_854_775_807n;

function bindNumber(text: string): Bound {
  if (text.includes('e') || text.includes('E')) return bound(`CAST(${text} AS DOUBLE)`, fixed('DOUBLE'));
  const [whole = '', fraction = ''] = text.split('.');
  const digits = whole.length + fraction.length;
  if (digits > 38) throw hanaError(314, `${text} has more than 38 digits`);
  if (text.includes('.'))
    return bound(`${whole || '0'}.${fraction || '0'}`, decimal(Math.max(digits, 1), fraction.length));
  const value = BigInt(whole);
  if (value <= MAX_INTEGER) return bound(String(value), fixed('INTEGER'));
  return value <= MAX_BIGINT ? bound(String(value), fixed('BIGINT')) : bound(String(value), decimal(whole.length, 0));
}

function isAscii(text: string): boolean {
  for (const char of text) if (char > '\u007f') return false;
  return true;
}
