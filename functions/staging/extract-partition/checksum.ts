import type { Row } from '#shared/warehouse/warehouse.ts';

/** The sum of the rows' checksums, which stand in the last column as hexadecimal digits; exact for a batch as a number. */
export const checksumOf = (rows: readonly Row[]): bigint => {
  let sum = 0;
  for (const row of rows) sum += Number.parseInt(String(row.at(-1)), 16);
  return BigInt(sum);
};
