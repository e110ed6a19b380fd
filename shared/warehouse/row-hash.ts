import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { isLarge, typeKind } from '#shared/warehouse/column-types.ts';
import { quoteIdentifier } from '#shared/warehouse/sql.ts';

/** 28 bits: the sum over 2^35 rows is still a BIGINT. */
export const HASH_DIGITS = 7;

/** As many different hashes there are. */
export const HASH_COUNT = 16 ** HASH_DIGITS;

/** HANA hashes values of up to 5,000 bytes; of a longer text, its first characters and its length stand for it. */
const MAX_HASHED_LENGTH = 1_000;

/**
 * An expression for the hash of a row's values in upper-case hexadecimal digits: two rows have the same if their values are the same, and NULL isn't the
 * empty text. Large objects count by their lengths.
 */
export const rowHash = (columns: readonly DatasetColumn[]): string => firstDigits(columns.map(hashedText));

/** The hash of a key's values, which spreads rows evenly whatever the values are. */
export const sliceHash = (columns: readonly string[]): string =>
  firstDigits(columns.map((column) => marked(`TO_NVARCHAR(${quoteIdentifier(column)})`)));

/** The digits of a hash, where a number is given: 0 is `0000000`. */
export const hashDigits = (number: number): string => number.toString(16).toUpperCase().padStart(HASH_DIGITS, '0');

const firstDigits = (texts: readonly string[]): string =>
  `SUBSTR(BINTOHEX(HASH_SHA256(${texts.map((text) => `TO_BINARY(${text})`).join(', ')})), 1, ${HASH_DIGITS})`;

const hashedText = (column: DatasetColumn): string => {
  const name = quoteIdentifier(column.name);
  if (isLarge(column)) return marked(`TO_NVARCHAR(LENGTH(${name}))`);
  if (typeKind(column) === 'binary') return marked(`BINTOHEX(${name})`);
  if (typeKind(column) === 'text' && column.length > MAX_HASHED_LENGTH) {
    return marked(`TO_NVARCHAR(LENGTH(${name})) || ':' || SUBSTR(${name}, 1, ${MAX_HASHED_LENGTH})`);
  }
  return marked(`TO_NVARCHAR(${name})`);
};

/** A value, told from NULL and from the value before it. */
const marked = (text: string): string => `COALESCE('=' || ${text}, '')`;
