import { zstdDecompressSync } from 'node:zlib';
import { type ParquetParsers, parquetReadObjects } from 'hyparquet';
import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { typeKind } from '#shared/warehouse/column-types.ts';
import { plainDigits } from '#shared/warehouse/value-text.ts';

/**
 * The first rows of a Parquet object as the fields of CSV; null is NULL. Exact but for decimals of more than 15 digits,
 * which are floats here: for samples, not for data.
 */
export const parquetRecords = async (
  bytes: Uint8Array,
  columns: readonly DatasetColumn[],
  rowCount: number,
): Promise<(string | null)[][]> => {
  const buffer = new Uint8Array(bytes).buffer;
  const rows = await parquetReadObjects({
    file: { byteLength: buffer.byteLength, slice: (start, end) => buffer.slice(start, end) },
    compressors: { ZSTD: (input, length) => zstdDecompressSync(input, { maxOutputLength: length }) },
    parsers: PARSERS,
    rowEnd: rowCount,
    utf8: false,
  });
  return rows.map((row) => columns.map((column) => fieldOf(column, row[column.name])));
};

const PARSERS: Partial<ParquetParsers> = {
  dateFromDays: (days) => new Date(days * 86_400_000).toISOString().slice(0, 10),
  timestampFromMicroseconds: (micros) => {
    const seconds = micros / 1_000_000n - (micros % 1_000_000n < 0n ? 1n : 0n);
    const fraction = String(micros - seconds * 1_000_000n).padStart(6, '0');
    const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19).replace('T', ' ');
    return fraction === '000000' ? text : `${text}.${fraction.replace(/0+$/, '')}`;
  },
};

const fieldOf = (column: DatasetColumn, value: unknown): string | null => {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (typeKind(column) === 'time') return new Date(Number(value)).toISOString().slice(11, 19);
  return typeKind(column) === 'decimal' ? plainDigits(String(value)) : String(value);
};
