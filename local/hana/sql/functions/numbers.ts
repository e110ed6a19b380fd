import type { HanaType } from '../../engine.ts';
import { type Bound, bound } from '../binder/bound.ts';
import { unify } from '../binder/conversions.ts';
import { asDecimal, decimal, fixed, isFloating, isInteger } from '../column-types.ts';
import { raise } from '../errors.ts';
import { type Call, type FunctionDefinition, type Functions, scalar, take, typeOf } from './definition.ts';

const INTEGER = fixed('INTEGER');
const DOUBLE = fixed('DOUBLE');
const sameNumber = ([number]: readonly Bound[]): HanaType => typeOf(number);

const double = (name: string): FunctionDefinition => scalar(['double'], DOUBLE, (number) => `${name}(${number})`);

/** Number functions. */
export const NUMBER_FUNCTIONS: Functions = {
  ABS: scalar(['number'], sameNumber, (number) => `abs(${number})`),
  ACOS: double('acos'),
  ASIN: double('asin'),
  ATAN: double('atan'),
  ATAN2: scalar(['double', 'double'], DOUBLE, (y, x) => `atan2(${y}, ${x})`),
  BITAND: bitwise((a, b) => `(${a} & ${b})`),
  BITOR: bitwise((a, b) => `(${a} | ${b})`),
  BITXOR: bitwise((a, b) => `xor(${a}, ${b})`),
  BITCOUNT: scalar(['integer'], INTEGER, (number) => `CAST(bit_count(${number}) AS INTEGER)`),
  CEIL: rounded('ceil'),
  COS: double('cos'),
  COSH: double('cosh'),
  COT: double('cot'),
  EXP: double('exp'),
  FLOOR: rounded('floor'),
  GREATEST: { minimum: 1, maximum: 1000, bind: (call) => extreme(call, 'greatest') },
  LEAST: { minimum: 1, maximum: 1000, bind: (call) => extreme(call, 'least') },
  LN: double('ln'),
  LOG: scalar(['double', 'double'], DOUBLE, (base, number) => `(ln(${number}) / ln(${base}))`),
  MOD: { minimum: 2, maximum: 2, bind: bindMod },
  NDIV0: scalar(['double', 'double'], DOUBLE, (a, b) => `CASE WHEN ${b} = 0 THEN 0 ELSE ${a} / ${b} END`),
  POWER: scalar(['double', 'double'], DOUBLE, (number, exponent) => `pow(${number}, ${exponent})`),
  RAND: scalar([], DOUBLE, () => 'random()', { nullable: false }),
  RAND_SECURE: scalar([], DOUBLE, () => 'random()', { nullable: false }),
  ROUND: { minimum: 1, maximum: 2, bind: bindRound },
  SIGN: scalar(['number'], INTEGER, (number) => `CAST(sign(${number}) AS INTEGER)`),
  SIN: double('sin'),
  SINH: double('sinh'),
  SQRT: double('sqrt'),
  TAN: double('tan'),
  TANH: double('tanh'),
  UMINUS: scalar(['number'], sameNumber, (number) => `(-${number})`),
};

function bitwise(sql: (a: string, b: string) => string): FunctionDefinition {
  return scalar(['integer', 'integer'], fixed('BIGINT'), (a, b) => sql(`CAST(${a} AS BIGINT)`, `CAST(${b} AS BIGINT)`));
}

function rounded(name: string): FunctionDefinition {
  return {
    minimum: 1,
    maximum: 1,
    bind({ binding, parameters }) {
      const number = take(binding, parameters[0]!, 'number');
      const type = typeOf(number);
      if (isInteger(type)) return number;
      const result = isFloating(type) ? type : decimal(Math.min(38, type.length - type.scale + 1), 0);
      return bound(`${name}(${number.sql})`, result, number.nullable);
    },
  };
}

/** ROUND(number[, places]): the scale of a DECIMAL is kept when the places are not written as a number. */
function bindRound({ binding, parameters }: Call): Bound {
  const number = take(binding, parameters[0]!, 'number');
  const type = typeOf(number);
  const places = parameters[1] && take(binding, parameters[1], 'integer');
  const nullable = number.nullable || (places?.nullable ?? false);
  if (!places || isInteger(type) || isFloating(type)) {
    const sql = places ? `round(${number.sql}, CAST(${places.sql} AS INTEGER))` : `round(${number.sql})`;
    if (places || type.name !== 'DECIMAL') return bound(sql, type, nullable);
    return bound(sql, decimal(Math.min(38, type.length - type.scale + 1), 0), nullable);
  }
  const power = `pow(10::DOUBLE, ${places.sql})`;
  const scaled = `CAST(round(CAST(${number.sql} AS DOUBLE) * ${power}) / ${power} AS DECIMAL(${type.length},${type.scale}))`;
  const constant = Number(places.sql.replaceAll('(', '').replaceAll(')', ''));
  const sql = Number.isInteger(constant)
    ? `CAST(round(${number.sql}, ${constant}) AS DECIMAL(${type.length},${type.scale}))`
    : scaled;
  return bound(sql, type, nullable);
}

function bindMod({ binding, parameters }: Call): Bound {
  const [number, divisor] = parameters.map((parameter) => take(binding, parameter, 'number')) as [Bound, Bound];
  const [a, b] = [typeOf(number), typeOf(divisor)];
  const type =
    isInteger(a) && isInteger(b)
      ? a.length >= b.length
        ? a
        : b
      : isFloating(a) || isFloating(b)
        ? DOUBLE
        : widest(a, b);
  const division = raise(304, `'MOD by zero'`);
  return bound(
    `CASE WHEN ${divisor.sql} = 0 THEN ${division} ELSE ${number.sql} % ${divisor.sql} END`,
    type,
    number.nullable || divisor.nullable,
  );
}

function widest(left: HanaType, right: HanaType): HanaType {
  const [a, b] = [asDecimal(left), asDecimal(right)];
  return decimal(Math.max(a.length, b.length), Math.max(a.scale, b.scale));
}

/** NULL when any value is NULL, as in HANA; DuckDB would leave it out. */
function extreme({ binding, parameters }: Call, name: string): Bound {
  const values = unify(binding, parameters);
  const nullable = values.some((value) => value.nullable);
  const sql = `${name}(${values.map((value) => value.sql).join(', ')})`;
  const anyNull = values.filter((value) => value.nullable).map((value) => `${value.sql} IS NULL`);
  return bound(
    anyNull.length > 0 ? `CASE WHEN ${anyNull.join(' OR ')} THEN NULL ELSE ${sql} END` : sql,
    typeOf(values[0]),
    nullable,
  );
}
