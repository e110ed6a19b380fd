import type { HanaType } from '../../engine.ts';
import { asDecimal, decimal, duckDbName, family, fixed, isFloating, isInteger } from '../column-types.ts';
import { textLiteral } from '../duckdb-text.ts';
import { hanaError, raise } from '../errors.ts';
import type { Binding } from './binding.ts';
import { type Bound, bound } from './bound.ts';
import { asFamily, convert } from './conversions.ts';

type Operator = '+' | '-' | '*' | '/';

/** Numbers, and days added to or between moments. */
export function bindArithmetic(binding: Binding, operator: Operator, left: Bound, right: Bound): Bound {
  if (isMoment(left) || isMoment(right)) return bindDays(binding, operator, left, right);
  const [a, b] = [operand(binding, left, right), operand(binding, right, left)];
  return ARITHMETIC[operator](a, b, a.nullable || b.nullable);
}

export function bindNegative(binding: Binding, value: Bound): Bound {
  const number = value.type ? asFamily(binding, value, 'number') : convert(binding, value, fixed('DOUBLE'));
  return bound(`(-${number.sql})`, number.type!, number.nullable);
}

/** A parameter takes the other side's type; two parameters are decimal numbers. */
function operand(binding: Binding, value: Bound, other: Bound): Bound {
  if (value.parameter === undefined || !other.type || family(other.type) !== 'number')
    return asFamily(binding, value, 'number');
  return convert(binding, value, isInteger(other.type) ? fixed('BIGINT') : other.type);
}

const ARITHMETIC: Readonly<Record<Operator, (a: Bound, b: Bound, nullable: boolean) => Bound>> = {
  '+': (a, b, nullable) => sum('+', a, b, nullable),
  '-': (a, b, nullable) => sum('-', a, b, nullable),
  '*': product,
  '/': quotient,
};

function sum(operator: '+' | '-', a: Bound, b: Bound, nullable: boolean): Bound {
  const [left, right] = [a.type!, b.type!];
  if (isFloating(left) || isFloating(right)) return floating(operator, a, b, nullable);
  if (isInteger(left) && isInteger(right)) return integers(operator, a, b, nullable);
  const [x, y] = [asDecimal(left), asDecimal(right)];
  const scale = Math.max(x.scale, y.scale);
  const type = decimal(Math.max(x.length - x.scale, y.length - y.scale) + scale + 1, scale);
  return bound(
    `CAST((CAST(${a.sql} AS ${duckDbName(type)}) ${operator} CAST(${b.sql} AS ${duckDbName(type)})) AS ${duckDbName(type)})`,
    type,
    nullable,
  );
}

function product(a: Bound, b: Bound, nullable: boolean): Bound {
  const [left, right] = [a.type!, b.type!];
  if (isFloating(left) || isFloating(right)) return floating('*', a, b, nullable);
  if (isInteger(left) && isInteger(right)) return integers('*', a, b, nullable);
  const [x, y] = [asDecimal(left), asDecimal(right)];
  const exact = x.length + y.length <= 38;
  const type = exact ? decimal(x.length + y.length, x.scale + y.scale) : decimal(38, Math.min(x.scale + y.scale, 10));
  if (exact) return bound(`(${asType(a, x)} * ${asType(b, y)})`, type, nullable);
  return bound(`CAST((CAST(${a.sql} AS DOUBLE) * CAST(${b.sql} AS DOUBLE)) AS ${duckDbName(type)})`, type, nullable);
}

/** Exact numbers divide to a DECIMAL with at least six digits after the point; nothing divides by zero (304). */
function quotient(a: Bound, b: Bound, nullable: boolean): Bound {
  const [left, right] = [a.type!, b.type!];
  const division = `CASE WHEN ${b.sql} = 0 THEN ${raise(304, textLiteral('division by zero'))} ELSE CAST(${a.sql} AS DOUBLE) / CAST(${b.sql} AS DOUBLE) END`;
  if (isFloating(left) || isFloating(right)) return bound(`(${division})`, fixed('DOUBLE'), nullable);
  const type = decimal(38, Math.max(6, asDecimal(left).scale));
  return bound(`CAST((${division}) AS ${duckDbName(type)})`, type, nullable);
}

const floating = (operator: Operator, a: Bound, b: Bound, nullable: boolean): Bound =>
  bound(`(CAST(${a.sql} AS DOUBLE) ${operator} CAST(${b.sql} AS DOUBLE))`, fixed('DOUBLE'), nullable);

/** Sums and products of integers are INTEGER, or BIGINT when one of them is. */
function integers(operator: Operator, a: Bound, b: Bound, nullable: boolean): Bound {
  const type = a.type!.name === 'BIGINT' || b.type!.name === 'BIGINT' ? fixed('BIGINT') : fixed('INTEGER');
  return bound(`(${asType(a, type)} ${operator} ${asType(b, type)})`, type, nullable);
}

const asType = (value: Bound, type: HanaType): string =>
  value.type && duckDbName(value.type) === duckDbName(type) ? value.sql : `CAST(${value.sql} AS ${duckDbName(type)})`;

const isMoment = (value: Bound): boolean =>
  value.type !== undefined && ['date', 'timestamp'].includes(family(value.type));

/** DATE + days and DATE - days are dates again; DATE - DATE is a number of days. */
function bindDays(binding: Binding, operator: Operator, left: Bound, right: Bound): Bound {
  const nullable = left.nullable || right.nullable;
  if (operator === '-' && isMoment(left) && isMoment(right)) {
    const [a, b] = [left, right].map((moment) => convert(binding, moment, fixed('TIMESTAMP')).sql);
    return bound(`CAST(date_sub('day', ${b}, ${a}) AS INTEGER)`, fixed('INTEGER'), nullable);
  }
  const [moment, days] = isMoment(left) ? [left, right] : [right, left];
  const subtractsMoment = operator === '-' && moment === right;
  if ((operator !== '+' && operator !== '-') || subtractsMoment)
    throw hanaError(266, `${moment.type!.name} ${operator} ${days.type?.name ?? 'parameter'}`);
  const count = convert(binding, days, fixed('INTEGER')).sql;
  return bound(
    `CAST((${moment.sql} ${operator} to_days(${count})) AS ${duckDbName(moment.type!)})`,
    moment.type!,
    nullable,
  );
}
