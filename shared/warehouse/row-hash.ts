import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { isLarge, typeKind } from '#shared/warehouse/column-types.ts';
import { quoteIdentifier } from '#shared/warehouse/sql.ts';

/** 28 bits: the sum over 2^35 rows is still a BIGINT. */
export const HASH_DIGITS = 7;

/** As many different hashes there are. */
export const HASH_COUNT = 16 ** HASH_DIGITS;

/** Of a longer text, its first characters and its length stand for it. */
const MAX_HASHED_LENGTH = 1_000;

/** Texts are joined before they are hashed, which is much cheaper, as long as HANA's 5,000 bytes of a binary value hold them. */
const MAX_JOINED_LENGTH = 1_600;

/**
 * An expression for the hash of a row's values in upper-case hexadecimal digits: two rows have the same if their values
 * are the same, and NULL isn't the empty text. Large objects count by their lengths.
 */
export const rowHash = (columns: readonly DatasetColumn[]): string => firstDigits(columns.map(hashedText));

/** The hash of a key's values, which spreads rows evenly whatever the values are. */
export const sliceHash = (columns: readonly string[]): string =>
  firstDigits(
    columns.map((column) => ({ sql: orEmpty(`TO_NVARCHAR(${quoteIdentifier(column)})`), length: MAX_JOINED_LENGTH })),
  );

/** The digits of a hash, where a number is given: 0 is `0000000`. */
export const hashDigits = (number: number): string => number.toString(16).toUpperCase().padStart(HASH_DIGITS, '0');

interface Text {
  readonly sql: string;
  /** Characters that it has at most. */
  readonly length: number;
}

const firstDigits = (texts: readonly Text[]): string =>
  `SUBSTR(BINTOHEX(${hashOf(joined(texts).map((text) => `TO_BINARY(${text})`))}), 1, ${HASH_DIGITS})`;

/** HANA's functions take no more arguments. */
const MAX_HASH_ARGUMENTS = 100;

/** The hash of hashes where there are more values than one takes. */
const hashOf = (values: readonly string[]): string => {
  if (values.length <= MAX_HASH_ARGUMENTS) return `HASH_SHA256(${values.join(', ')})`;
  const groups = Array.from({ length: Math.ceil(values.length / MAX_HASH_ARGUMENTS) }, (_, index) =>
    hashOf(values.slice(index * MAX_HASH_ARGUMENTS, (index + 1) * MAX_HASH_ARGUMENTS)),
  );
  return hashOf(groups);
};

const joined = (texts: readonly Text[]): string[] => {
  const groups: Text[] = [];
  for (const text of texts) {
    const last = groups.at(-1);
    const length = (last?.length ?? 0) + 1 + text.length;
    if (last && length <= MAX_JOINED_LENGTH)
      groups[groups.length - 1] = { sql: `${last.sql} || ',' || ${text.sql}`, length };
    else groups.push(text);
  }
  return groups.map(({ sql }) => sql);
};

/** The longest text of a number or a moment. */
const MAX_VALUE_LENGTH = 40;

/** Only texts can be empty, so that only they need a sign that they are there. */
const hashedText = (column: DatasetColumn): Text => {
  const name = quoteIdentifier(column.name);
  if (isLarge(column)) return { sql: orEmpty(`TO_NVARCHAR(LENGTH(${name}))`), length: MAX_VALUE_LENGTH };
  if (typeKind(column) === 'binary') return { sql: orEmpty(`'=' || BINTOHEX(${name})`), length: 1 + 2 * column.length };
  if (typeKind(column) !== 'text') return { sql: orEmpty(`TO_NVARCHAR(${name})`), length: MAX_VALUE_LENGTH };
  if (column.length <= MAX_HASHED_LENGTH) return { sql: orEmpty(`'=' || ${name}`), length: 1 + column.length };
  return {
    sql: orEmpty(`'=' || TO_NVARCHAR(LENGTH(${name})) || ':' || SUBSTR(${name}, 1, ${MAX_HASHED_LENGTH})`),
    length: MAX_VALUE_LENGTH + MAX_HASHED_LENGTH,
  };
};

const orEmpty = (text: string): string => `COALESCE(${text}, '')`;
