import { hash } from 'node:crypto';
import { csvEncoder } from '#shared/dataset/csv.ts';
import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import type { Row } from '#shared/warehouse/warehouse.ts';

export interface SplitSettings {
  readonly testFraction: number;
  readonly seed: string;
}

/** The first six bytes of a hash make 2^48 equally likely numbers, all of them exact as JavaScript's. */
const HASH_DIGITS = 12;
const HASH_RANGE = 2 ** 48;

/**
 * Tells for the values of a key whether the row is kept for testing. It depends on the seed and the key alone, whatever
 * the order, the partitions and the database, so that rows with the same key are never on both sides:
 *
 *     sha256(seed + "\n" + the key as a line of CSV without its end), first 6 bytes as a number / 2^48 < testFraction
 */
export const testSplit = (
  keyColumns: readonly DatasetColumn[],
  { testFraction, seed }: SplitSettings,
): ((key: Row) => boolean) => {
  const encode = csvEncoder(keyColumns);
  const bound = testFraction * HASH_RANGE;
  return (key) => {
    const digest = hash('sha256', `${seed}\n${encode(key).slice(0, -1)}`, 'hex');
    return Number.parseInt(digest.slice(0, HASH_DIGITS), 16) < bound;
  };
};
