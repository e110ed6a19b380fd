import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  type DuckDBType,
  FLOAT,
  INTEGER,
  SMALLINT,
  TIME,
  TIMESTAMP,
  TIMESTAMP_S,
  UTINYINT,
  VARCHAR,
} from '@duckdb/node-api';
import type { HanaType, HanaTypeName } from '../engine.ts';
import { hanaError, notSupported } from './errors.ts';

/** A type as a column declares it: `declared` is the name that the system views show. */
export interface ColumnType extends HanaType {
  readonly declared: string;
}

/** LENGTH of the types that have a fixed one. */
const FIXED_LENGTHS: Partial<Record<HanaTypeName, number>> = {
  BOOLEAN: 1,
  TINYINT: 3,
  SMALLINT: 5,
  INTEGER: 10,
  BIGINT: 19,
  REAL: 7,
  DOUBLE: 15,
  DATE: 10,
  TIME: 8,
  SECONDDATE: 19,
  TIMESTAMP: 27,
  CLOB: 2147483647,
  NCLOB: 2147483647,
  BLOB: 2147483647,
};

export const MAX_TEXT_LENGTH = 5000;
const MAX_PRECISION = 38;
/**
 * DECIMAL without a precision and SMALLDECIMAL have 34 and 16 digits in HANA, and the point anywhere. DuckDB has no such type:
 * values with more digits behind the point than these are refused.
 */
const FLOATING_DECIMAL: HanaType = { name: 'DECIMAL', length: 34, scale: 10, floatingDigits: 34 };
const SMALL_DECIMAL: HanaType = { name: 'DECIMAL', length: 38, scale: 18, floatingDigits: 16 };

export const fixed = (name: HanaTypeName): HanaType => ({ name, length: FIXED_LENGTHS[name] ?? 0, scale: 0 });
export const decimal = (precision: number, scale: number): HanaType => ({
  name: 'DECIMAL',
  length: Math.min(precision, MAX_PRECISION),
  scale: Math.min(scale, precision, MAX_PRECISION),
});
export const nvarchar = (length: number): HanaType => text('NVARCHAR', length);
export const varchar = (length: number): HanaType => text('VARCHAR', length);
export const varbinary = (length: number): HanaType => text('VARBINARY', length);
const text = (name: HanaTypeName, length: number): HanaType => ({
  name,
  length: Math.max(1, Math.min(length, MAX_TEXT_LENGTH)),
  scale: 0,
});

const ALIASES: Readonly<Record<string, HanaTypeName>> = {
  BOOLEAN: 'BOOLEAN',
  TINYINT: 'TINYINT',
  SMALLINT: 'SMALLINT',
  INTEGER: 'INTEGER',
  INT: 'INTEGER',
  BIGINT: 'BIGINT',
  REAL: 'REAL',
  DOUBLE: 'DOUBLE',
  DATE: 'DATE',
  DAYDATE: 'DATE',
  TIME: 'TIME',
  SECONDTIME: 'TIME',
  SECONDDATE: 'SECONDDATE',
  TIMESTAMP: 'TIMESTAMP',
  LONGDATE: 'TIMESTAMP',
  CLOB: 'CLOB',
  NCLOB: 'NCLOB',
  TEXT: 'NCLOB',
  BLOB: 'BLOB',
};

const SIZED: Readonly<Record<string, HanaTypeName>> = {
  VARCHAR: 'VARCHAR',
  CHAR: 'VARCHAR',
  NVARCHAR: 'NVARCHAR',
  NCHAR: 'NVARCHAR',
  SHORTTEXT: 'NVARCHAR',
  ALPHANUM: 'NVARCHAR',
  VARBINARY: 'VARBINARY',
  BINARY: 'VARBINARY',
};

/** How the system views name a declared type when it is not the type's own name. */
const SHOWN: Readonly<Record<string, string>> = {
  ALPHANUM: 'ALPHANUM',
  CHAR: 'CHAR',
  NCHAR: 'NCHAR',
  SMALLDECIMAL: 'SMALLDECIMAL',
};

/** Whether a word begins a data type that this engine knows. */
export const isTypeName = (word: string): boolean =>
  word in ALIASES || word in SIZED || ['DECIMAL', 'DEC', 'NUMERIC', 'SMALLDECIMAL', 'FLOAT'].includes(word);

/** A type from its name and the numbers in parentheses. Throws 7 for a type that is not understood, 264 for impossible sizes. */
export function declaredType(word: string, sizes: readonly number[]): ColumnType {
  const type = resolve(word, sizes);
  return { ...type, declared: SHOWN[word] ?? type.name };
}

function resolve(word: string, sizes: readonly number[]): HanaType {
  const [size, scale = 0] = sizes;
  if (word === 'DECIMAL' || word === 'DEC' || word === 'NUMERIC') {
    if (size === undefined) return FLOATING_DECIMAL;
    if (size < 1 || size > MAX_PRECISION || scale > size) throw hanaError(264, `${word}(${sizes.join(',')})`);
    return decimal(size, scale);
  }
  if (word === 'SMALLDECIMAL') return SMALL_DECIMAL;
  if (word === 'FLOAT') return fixed(size !== undefined && size <= 24 ? 'REAL' : 'DOUBLE');
  const sized = SIZED[word];
  if (sized) {
    const length = size ?? 1;
    const limit = word === 'ALPHANUM' ? 127 : MAX_TEXT_LENGTH;
    if (length < 1 || length > limit)
      throw hanaError(264, `${word}(${length}): the length must be between 1 and ${limit}`);
    return { name: sized, length, scale: 0 };
  }
  const alias = ALIASES[word];
  if (!alias) throw notSupported(`data type ${word}`);
  if (size !== undefined) throw hanaError(264, `${word} takes no length`);
  return fixed(alias);
}

const DUCKDB_NAMES: Readonly<Record<HanaTypeName, string>> = {
  BOOLEAN: 'BOOLEAN',
  TINYINT: 'UTINYINT',
  SMALLINT: 'SMALLINT',
  INTEGER: 'INTEGER',
  BIGINT: 'BIGINT',
  DECIMAL: 'DECIMAL',
  REAL: 'FLOAT',
  DOUBLE: 'DOUBLE',
  VARCHAR: 'VARCHAR',
  NVARCHAR: 'VARCHAR',
  VARBINARY: 'BLOB',
  DATE: 'DATE',
  TIME: 'TIME',
  SECONDDATE: 'TIMESTAMP_S',
  TIMESTAMP: 'TIMESTAMP',
  CLOB: 'VARCHAR',
  NCLOB: 'VARCHAR',
  BLOB: 'BLOB',
};

/** The type as DuckDB's SQL spells it. */
export const duckDbName = (type: HanaType): string =>
  type.name === 'DECIMAL' ? `DECIMAL(${type.length},${type.scale})` : DUCKDB_NAMES[type.name];

const DUCKDB_TYPES: Readonly<Record<string, DuckDBType>> = {
  BOOLEAN,
  UTINYINT,
  SMALLINT,
  INTEGER,
  BIGINT,
  FLOAT,
  DOUBLE,
  VARCHAR,
  BLOB,
  DATE,
  TIME,
  TIMESTAMP_S,
  TIMESTAMP,
};

/** The type as DuckDB's API takes it. */
export const duckDbType = (type: HanaType): DuckDBType =>
  type.name === 'DECIMAL' ? DECIMAL(type.length, type.scale) : DUCKDB_TYPES[DUCKDB_NAMES[type.name]]!;

export type Family = 'boolean' | 'number' | 'text' | 'binary' | 'date' | 'time' | 'timestamp';

const FAMILIES: Readonly<Record<HanaTypeName, Family>> = {
  BOOLEAN: 'boolean',
  TINYINT: 'number',
  SMALLINT: 'number',
  INTEGER: 'number',
  BIGINT: 'number',
  DECIMAL: 'number',
  REAL: 'number',
  DOUBLE: 'number',
  VARCHAR: 'text',
  NVARCHAR: 'text',
  CLOB: 'text',
  NCLOB: 'text',
  VARBINARY: 'binary',
  BLOB: 'binary',
  DATE: 'date',
  TIME: 'time',
  SECONDDATE: 'timestamp',
  TIMESTAMP: 'timestamp',
};

export const family = (type: HanaType): Family => FAMILIES[type.name];
export const isInteger = (type: HanaType): boolean => INTEGERS.indexOf(type.name) >= 0;
export const isFloating = (type: HanaType): boolean => type.name === 'REAL' || type.name === 'DOUBLE';
export const isLob = (type: HanaType): boolean => type.name === 'CLOB' || type.name === 'NCLOB' || type.name === 'BLOB';
const INTEGERS: readonly HanaTypeName[] = ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT'];

/** A number type seen as DECIMAL: as many digits as its largest value has. */
export const asDecimal = (type: HanaType): HanaType =>
  type.name === 'DECIMAL' ? type : decimal(isInteger(type) ? type.length : 34, isInteger(type) ? 0 : 10);

/** The type that holds the values of both, as UNION, CASE and COALESCE need it; undefined when there is none. */
export function commonType(left: HanaType, right: HanaType): HanaType | undefined {
  const families = [family(left), family(right)];
  if (families[0] === families[1]) return WIDEN[families[0]!](left, right);
  if (families.includes('text')) {
    const other = families[0] === 'text' ? right : left;
    return family(other) === 'binary' ? undefined : nvarchar(Math.max(left.length, right.length));
  }
  if (families.includes('date') && families.includes('timestamp')) return fixed('TIMESTAMP');
  return undefined;
}

const longer = (left: HanaType, right: HanaType): HanaType => (left.length >= right.length ? left : right);

const WIDEN: Readonly<Record<Family, (left: HanaType, right: HanaType) => HanaType>> = {
  boolean: longer,
  date: longer,
  time: longer,
  timestamp: longer,
  binary: longer,
  number: widenNumbers,
  text: (left, right) => {
    if (isLob(left) || isLob(right)) return fixed(left.name === 'NCLOB' || right.name === 'NCLOB' ? 'NCLOB' : 'CLOB');
    const unicode = left.name === 'NVARCHAR' || right.name === 'NVARCHAR';
    return text(unicode ? 'NVARCHAR' : 'VARCHAR', Math.max(left.length, right.length));
  },
};

function widenNumbers(left: HanaType, right: HanaType): HanaType {
  if (isFloating(left) || isFloating(right))
    return left.name === 'REAL' && right.name === 'REAL' ? left : fixed('DOUBLE');
  if (isInteger(left) && isInteger(right)) return longer(left, right);
  const [a, b] = [asDecimal(left), asDecimal(right)];
  const scale = Math.max(a.scale, b.scale);
  return decimal(Math.max(a.length - a.scale, b.length - b.scale) + scale, scale);
}
