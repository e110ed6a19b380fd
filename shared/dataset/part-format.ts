import { gzipSync } from 'node:zlib';
import { csvEncoder, csvLine } from '#shared/dataset/csv.ts';
import type { DatasetColumn, DatasetFormat } from '#shared/dataset/manifest.ts';
import { parquetFormat } from '#shared/dataset/parquet.ts';
import type { PartFormat } from '#shared/dataset/row-encoder.ts';
import { refuseLoneSurrogates } from '#shared/dataset/well-formed.ts';

export const partFormat = (format: DatasetFormat, columns: readonly DatasetColumn[]): PartFormat =>
  format.type === 'csv' ? csvFormat(format, columns) : parquetFormat(format, columns);

/** Characters that are made bytes at once. */
const CHUNK_LENGTH = 256 * 1024;

/** The best level for its time: the next ones take half as long again for 3 % less. */
const GZIP_LEVEL = 3;

const csvFormat = (
  { header, compression }: Extract<DatasetFormat, { type: 'csv' }>,
  columns: readonly DatasetColumn[],
): PartFormat => {
  const encode = csvEncoder(columns);
  const compress = compression === 'gzip' ? gzip : plain;
  return {
    extension: compression === 'gzip' ? '.csv.gz' : '.csv',
    contentType: compression === 'gzip' ? 'application/gzip' : 'text/csv',
    open() {
      let pending = header ? csvLine(columns.map(({ name }) => name)) : '';
      const take = (): Uint8Array => {
        refuseLoneSurrogates(pending);
        const bytes = compress(Buffer.from(pending));
        pending = '';
        return bytes;
      };
      return {
        add(rows) {
          for (const row of rows) pending += encode(row);
          return pending.length >= CHUNK_LENGTH ? take() : undefined;
        },
        end: take,
      };
    },
  };
};

const plain = (bytes: Buffer<ArrayBuffer>): Uint8Array => bytes;

/** Members of a gzip file may follow each other; compressed one by one, nothing is held between them. */
const gzip = (bytes: Buffer<ArrayBuffer>): Uint8Array => gzipSync(bytes, { level: GZIP_LEVEL });
