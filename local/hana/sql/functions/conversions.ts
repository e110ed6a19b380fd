import type { HanaType, HanaTypeName } from '../../engine.ts';
import { type Bound, bound } from '../binder/bound.ts';
import { convert, PARAMETER_DEFAULT, TEXT_AS_NUMBER, toText, unify } from '../binder/conversions.ts';
import { asDecimal, decimal, duckDbName, family, fixed, nvarchar, varbinary, varchar } from '../column-types.ts';
import { textLiteral } from '../duckdb-text.ts';
import { notSupported } from '../errors.ts';
import { type Call, type FunctionDefinition, type Functions, literalText, scalar, take, typeOf } from './definition.ts';
import { formatMoment, parsingFormat } from './formats.ts';

/** Conversion and hash functions. */
export const CONVERSION_FUNCTIONS: Functions = {
  TO_BIGINT: to('BIGINT'),
  TO_BOOLEAN: to('BOOLEAN'),
  TO_DOUBLE: to('DOUBLE'),
  TO_INT: to('INTEGER'),
  TO_INTEGER: to('INTEGER'),
  TO_REAL: to('REAL'),
  TO_SMALLINT: to('SMALLINT'),
  TO_TINYINT: to('TINYINT'),
  TO_BLOB: to('BLOB'),
  TO_CLOB: to('CLOB'),
  TO_NCLOB: to('NCLOB'),
  TO_DECIMAL: { minimum: 1, maximum: 3, bind: bindToDecimal },
  TO_DATE: parsed('DATE'),
  TO_DATS: {
    minimum: 1,
    maximum: 1,
    bind: (call) =>
      bound(formatMoment(take(call.binding, call.parameters[0]!, 'date').sql, 'YYYYMMDD'), nvarchar(8), true),
  },
  TO_TIME: parsed('TIME'),
  TO_TIMESTAMP: parsed('TIMESTAMP'),
  TO_SECONDDATE: parsed('SECONDDATE'),
  TO_VARCHAR: { minimum: 1, maximum: 2, bind: (call) => bindToText(call, varchar) },
  TO_NVARCHAR: { minimum: 1, maximum: 2, bind: (call) => bindToText(call, nvarchar) },
  TO_BINARY: { minimum: 1, maximum: 1, bind: ({ binding, parameters }) => toBinary(binding, parameters[0]!) },
  TO_VARBINARY: { minimum: 1, maximum: 1, bind: ({ binding, parameters }) => toBinary(binding, parameters[0]!) },
  BINTOHEX: hexadecimal(varchar),
  BINTONHEX: hexadecimal(nvarchar),
  BINTOSTR: scalar(
    ['binary'],
    ([binary]) => nvarchar(typeOf(binary).length),
    (binary) => `decode(${binary})`,
  ),
  HEXTOBIN: scalar(
    ['text'],
    ([text]) => varbinary(Math.ceil(typeOf(text).length / 2)),
    (text) => `unhex(${text})`,
  ),
  STRTOBIN: scalar(
    ['text', 'text'],
    ([text]) => varbinary(typeOf(text).length * 3),
    (text) => `encode(${text})`,
  ),
  HASH_MD5: hash('md5', 16),
  HASH_SHA256: hash('sha256', 32),
  COALESCE: { minimum: 2, maximum: 1000, bind: bindCoalesce },
  IFNULL: { minimum: 2, maximum: 2, bind: bindCoalesce },
  NULLIF: { minimum: 2, maximum: 2, bind: bindNullif },
  MAP: { minimum: 3, maximum: 1000, bind: bindMap },
};

function to(name: HanaTypeName): FunctionDefinition {
  return {
    minimum: 1,
    maximum: 1,
    bind: ({ binding, parameters }) => untyped(convert(binding, given(binding, parameters[0]!), fixed(name))),
  };
}

/** A parameter inside a conversion is text: the conversion is what was asked for. */
const given = (binding: Call['binding'], value: Bound): Bound =>
  value.type ? value : convert(binding, value, PARAMETER_DEFAULT);

const untyped = ({ sql, type, nullable }: Bound): Bound => bound(sql, type!, nullable);

function bindToDecimal({ binding, parameters }: Call): Bound {
  const value = given(binding, parameters[0]!);
  const [precision, scale] = parameters.slice(1).map((parameter) => Number(parameter.sql));
  if (parameters.length === 1) {
    const type = family(typeOf(value)) === 'number' ? asDecimal(typeOf(value)) : TEXT_AS_NUMBER;
    return untyped(convert(binding, value, type));
  }
  if (!Number.isInteger(precision) || (scale !== undefined && !Number.isInteger(scale)))
    throw notSupported('TO_DECIMAL with a precision that is not a number');
  return untyped(convert(binding, value, decimal(precision!, scale ?? 0)));
}

/** TO_DATE(text, format) and its kin. */
function parsed(name: HanaTypeName): FunctionDefinition {
  return {
    minimum: 1,
    maximum: 2,
    bind(call) {
      const { binding, parameters } = call;
      if (parameters.length === 1) return untyped(convert(binding, given(binding, parameters[0]!), fixed(name)));
      const text = take(binding, parameters[0]!, 'text');
      const format = textLiteral(parsingFormat(literalText(call, 1, 'format')));
      return bound(`CAST(strptime(${text.sql}, ${format}) AS ${duckDbName(fixed(name))})`, fixed(name), text.nullable);
    },
  };
}

function bindToText(call: Call, type: (length: number) => HanaType): Bound {
  const { binding, parameters } = call;
  if (parameters.length === 1) {
    const text = toText(binding, parameters[0]!);
    return bound(text.sql, type(typeOf(text).length), text.nullable);
  }
  const format = literalText(call, 1, 'format');
  const value = parameters[0]!;
  if (!value.type || !['date', 'timestamp', 'time'].includes(family(value.type)))
    throw notSupported(`${call.name} of a number with a format`);
  const moment = family(value.type) === 'time' ? `(DATE '1970-01-01' + ${value.sql})` : value.sql;
  return bound(formatMoment(moment, format), type(Math.max(format.length + 8, 10)), value.nullable);
}

function toBinary(binding: Call['binding'], parameter: Bound): Bound {
  const value = given(binding, parameter);
  if (family(typeOf(value)) === 'binary') return value;
  const text = toText(binding, value);
  return bound(`encode(${text.sql})`, varbinary(typeOf(text).length * 3), text.nullable);
}

/** The hash of one binary value; HANA hashes several as if they were one. */
function hash(name: string, bytes: number): FunctionDefinition {
  return {
    minimum: 1,
    maximum: 100,
    bind({ binding, parameters }) {
      const values = parameters.map((parameter) => toBinary(binding, parameter));
      const digits = `${name}(${values.map((value) => value.sql).join(' || ')})`;
      const nullable = values.some((value) => value.nullable);
      return { ...bound(`unhex(${digits})`, varbinary(bytes), nullable), hexadecimal: digits };
    },
  };
}

/** Binary data as digits; a hash has them already. */
function hexadecimal(type: (length: number) => HanaType): FunctionDefinition {
  return {
    minimum: 1,
    maximum: 1,
    bind({ binding, parameters }) {
      const binary = take(binding, parameters[0]!, 'binary');
      const sql = binary.hexadecimal ? `upper(${binary.hexadecimal})` : `hex(${binary.sql})`;
      return bound(sql, type(typeOf(binary).length * 2), binary.nullable);
    },
  };
}

function bindCoalesce({ binding, parameters }: Call): Bound {
  const values = unify(binding, parameters);
  return bound(
    `coalesce(${values.map(({ sql }) => sql).join(', ')})`,
    typeOf(values[0]),
    values.every(({ nullable }) => nullable),
  );
}

function bindNullif({ binding, parameters }: Call): Bound {
  const [value, other] = unify(binding, parameters) as [Bound, Bound];
  return bound(`nullif(${value.sql}, ${other.sql})`, typeOf(value), true);
}

/** MAP(value, search, result, …[, default]) */
function bindMap({ binding, parameters }: Call): Bound {
  const rest = parameters.slice(1);
  const searches = rest.filter((_, index) => index % 2 === 0 && index + 1 < rest.length);
  const [value, ...unified] = unify(binding, [parameters[0]!, ...searches]) as [Bound, ...Bound[]];
  const hasDefault = rest.length % 2 === 1;
  const results = unify(
    binding,
    rest.filter((_, index) => index % 2 === 1 || index === rest.length - 1),
  );
  const branches = unified.map(
    (search, index) => `WHEN ${value.sql} IS NOT DISTINCT FROM ${search.sql} THEN ${results[index]!.sql}`,
  );
  const otherwise = hasDefault ? ` ELSE ${results.at(-1)!.sql}` : '';
  return bound(`CASE ${branches.join(' ')}${otherwise} END`, typeOf(results[0]), true);
}
