import type { HanaType } from '../../engine.ts';
import {
  commonType,
  duckDbName,
  type Family,
  family,
  fixed,
  isFloating,
  isInteger,
  nvarchar,
  varchar,
} from '../column-types.ts';
import { hanaError } from '../errors.ts';
import { parseDate, parseNumber, parseTime, parseTimestamp } from '../text-values.ts';
import type { Binding } from './binding.ts';
import type { Bound } from './bound.ts';

/** An expression as another type, by HANA's rules. Throws 266 where HANA has no conversion, 303 and 339 for wrong literals. */
export function convert(binding: Binding, value: Bound, type: HanaType): Bound {
  if (value.parameter !== undefined && value.type === undefined) {
    const parameter = binding.parameter(value.parameter, type);
    return convert(binding, parameter, type);
  }
  if (value.type === undefined) return { sql: `CAST(NULL AS ${duckDbName(type)})`, type, nullable: true };
  if (value.text !== undefined) {
    const literal = convertLiteral(value.text, type);
    if (literal !== undefined) return { sql: literal, type, nullable: false };
  }
  if (duckDbName(value.type) === duckDbName(type)) return { ...value, type, origin: undefined };
  const conversion = CONVERSIONS[`${family(value.type)}>${family(type)}`];
  if (!conversion) throw hanaError(266, `there is no conversion from ${value.type.name} to ${type.name}`);
  return { sql: conversion(value.sql, value.type, type), type, nullable: value.nullable };
}

/** Any value as text, with the length that its type can need. */
export const toText = (binding: Binding, value: Bound): Bound =>
  value.type && family(value.type) === 'text' ? value : convert(binding, value, textTypeFor(value.type));

function textTypeFor(type: HanaType | undefined): HanaType {
  if (!type) return nvarchar(5000);
  if (family(type) !== 'number') return varchar(type.length);
  return varchar(isFloating(type) ? 24 : type.length + 2);
}

type Conversion = (sql: string, from: HanaType, to: HanaType) => string;

const cast: Conversion = (sql, _from, to) => `CAST(${sql} AS ${duckDbName(to)})`;

const CONVERSIONS: Readonly<Partial<Record<`${Family}>${Family}`, Conversion>>> = {
  'number>number': (sql, from, to) => cast(isInteger(to) && !isInteger(from) ? `trunc(${sql})` : sql, from, to),
  'text>number': (sql, _from, to) => textToNumber(`trim(${sql})`, to),
  'boolean>number': cast,
  'number>boolean': cast,
  'text>boolean': cast,
  'boolean>text': (sql) => `upper(CAST(${sql} AS VARCHAR))`,
  'number>text': (sql, from) =>
    isFloating(from)
      ? `_sys.float_text(CAST(${sql} AS VARCHAR))`
      : from.floatingDigits === undefined
        ? `CAST(${sql} AS VARCHAR)`
        : `rtrim(rtrim(CAST(${sql} AS VARCHAR), '0'), '.')`,
  'date>text': (sql) => `CAST(${sql} AS VARCHAR)`,
  'time>text': (sql) => `substr(CAST(${sql} AS VARCHAR), 1, 8)`,
  'timestamp>text': (sql, from) =>
    // DuckDB's strftime takes seconds as nanoseconds, which end in the year 2262.
    from.name === 'SECONDDATE'
      ? `strftime(CAST(${sql} AS TIMESTAMP), '%Y-%m-%d %H:%M:%S')`
      : `strftime(${sql}, '%Y-%m-%d %H:%M:%S.%f0')`,
  'text>text': (sql) => sql,
  'text>date': (sql) => `_sys.text_date(${sql})`,
  'text>time': cast,
  'text>timestamp': (sql, _from, to) => toSeconds(`_sys.text_timestamp(${sql})`, to),
  'date>timestamp': (sql, _from, to) => `CAST(${sql} AS ${duckDbName(to)})`,
  'timestamp>date': cast,
  'timestamp>time': cast,
  'timestamp>timestamp': (sql, _from, to) => toSeconds(sql, to),
  'text>binary': (sql) => `encode(${sql})`,
};

/** By way of the widest type, so that a number that does not fit (314) can be told from a text that is none (339). */
function textToNumber(sql: string, to: HanaType): string {
  if (isFloating(to)) return `CAST(${sql} AS ${duckDbName(to)})`;
  if (isInteger(to)) return `CAST(trunc(CAST(${sql} AS DECIMAL(38,10))) AS ${duckDbName(to)})`;
  return `CAST(CAST(${sql} AS DECIMAL(38,${to.scale})) AS ${duckDbName(to)})`;
}

const toSeconds = (sql: string, to: HanaType): string =>
  to.name === 'SECONDDATE' ? `CAST(date_trunc('second', ${sql}) AS TIMESTAMP_S)` : `CAST(${sql} AS TIMESTAMP)`;

/** A string literal as a literal of another type; undefined where the general conversion does as well. */
function convertLiteral(text: string, type: HanaType): string | undefined {
  const kind = family(type);
  if (kind === 'date') return `DATE '${parseDate(text)}'`;
  if (kind === 'time') return `TIME '${parseTime(text)}'`;
  if (kind === 'timestamp') return toSeconds(`TIMESTAMP '${parseTimestamp(text)}'`, type);
  if (kind === 'number') return textToNumber(`'${parseNumber(text)}'`, type);
  return undefined;
}

/** Numbers from text in a place that does not say which: as exact as DuckDB allows. */
export const TEXT_AS_NUMBER: HanaType = { name: 'DECIMAL', length: 38, scale: 10 };

/** The default of a parameter that nothing around it gives a type. */
export const PARAMETER_DEFAULT: HanaType = nvarchar(5000);

/** A value of one of the families; text becomes it by HANA's implicit conversion. */
export function asFamily(binding: Binding, value: Bound, wanted: Family): Bound {
  if (value.type && family(value.type) === wanted) return value;
  return convert(binding, value, DEFAULTS[wanted]);
}

const DEFAULTS: Readonly<Record<Family, HanaType>> = {
  boolean: fixed('BOOLEAN'),
  number: TEXT_AS_NUMBER,
  text: PARAMETER_DEFAULT,
  binary: { name: 'VARBINARY', length: 5000, scale: 0 },
  date: fixed('DATE'),
  time: fixed('TIME'),
  timestamp: fixed('TIMESTAMP'),
};

/** The values as one common type, as CASE, COALESCE and comparisons need them. Throws 266 when there is none. */
export function unify(binding: Binding, values: readonly Bound[]): Bound[] {
  const type = commonTypeOf(values.map((value) => value.type)) ?? PARAMETER_DEFAULT;
  return values.map((value) => convert(binding, value, type));
}

/** The common type of those that have one; undefined when none has. */
export function commonTypeOf(types: readonly (HanaType | undefined)[]): HanaType | undefined {
  return types.reduce((common, type) => {
    if (!common || !type) return common ?? type;
    const next = commonType(common, type);
    if (!next) throw hanaError(266, `${common.name} and ${type.name} have no common type`);
    return next;
  }, undefined);
}
