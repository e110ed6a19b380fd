import type { HanaType } from '../../engine.ts';
import { family, fixed, isInteger } from '../column-types.ts';
import { hanaError } from '../errors.ts';
import type { Binding } from './binding.ts';
import type { Bound } from './bound.ts';
import { commonTypeOf, convert, PARAMETER_DEFAULT, TEXT_AS_NUMBER } from './conversions.ts';

/** `left operator right`, both sides made comparable. */
export function bindComparison(binding: Binding, operator: string, left: Bound, right: Bound): Bound {
  const [a, b] = comparable(binding, left, right) as [Bound, Bound];
  return { sql: `(${a.sql} ${operator} ${b.sql})`, type: fixed('BOOLEAN'), nullable: true, condition: true };
}

/** Values that can be compared with each other: text becomes what the others are, parameters take the others' type. */
export function comparable(binding: Binding, ...values: Bound[]): Bound[] {
  const type = comparisonType(values);
  return values.map((value) => {
    if (value.type && family(value.type) === family(type)) return value;
    if (value.text !== undefined && family(type) === 'number')
      return convert(binding, value, literalNumberType(value.text));
    return convert(binding, value, value.parameter === undefined ? type : parameterType(type));
  });
}

function comparisonType(values: readonly Bound[]): HanaType {
  const typed = values.flatMap(({ type }) => type ?? []);
  const specific = typed.filter((type) => family(type) !== 'text');
  if (typed.length === 0 || specific.length === 0) return PARAMETER_DEFAULT;
  const type = commonTypeOf(specific)!;
  if (typed.length === specific.length) return type;
  if (family(type) === 'binary') throw hanaError(266, `${type.name} compared with text (use TO_BINARY or BINTOHEX)`);
  return isInteger(type) || type.name === 'DECIMAL' ? numberTypeFor(values, type) : type;
}

/** Text that is compared with whole numbers may have a fraction; parameters keep the number's own type. */
const numberTypeFor = (values: readonly Bound[], type: HanaType): HanaType =>
  values.some((value) => value.type && family(value.type) === 'text' && value.text === undefined)
    ? TEXT_AS_NUMBER
    : type;

/** A value that is only compared keeps more digits than the column has: 10.555 is not 10.56. */
const parameterType = (type: HanaType): HanaType =>
  type.name === 'DECIMAL' && type.scale < TEXT_AS_NUMBER.scale ? TEXT_AS_NUMBER : type;

const literalNumberType = (text: string): HanaType =>
  text.toLowerCase().includes('e') ? fixed('DOUBLE') : TEXT_AS_NUMBER;
