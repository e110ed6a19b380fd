import { gzipSync } from 'node:zlib';
import { csvEncoder, csvLine } from '#shared/dataset/csv.ts';
import type { DatasetColumn, DatasetFormat } from '#shared/dataset/manifest.ts';
import { parquetFormat } from '#shared/dataset/parquet.ts';
import type { PartFormat } from '#shared/dataset/row-encoder.ts';
import { refuseLoneSurrogates } from '#shared/dataset/well-formed.ts';

export const partFormat = (format: DatasetFormat, columns: readonly DatasetColumn[]): PartFormat =>
  format.type === 'csv' ? csvFormat(format, columns) : parquetFormat(format, columns);

/** Bytes that are handed on at once. */
const CHUNK_BYTES = 256 * 1024;

/** Rows whose text is made bytes at once: of more, the pieces outlive a collection of garbage; of fewer, calls add up. */
const ROWS_AT_ONCE = 100;

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
      const pending = textBuffer();
      if (header) pending.append(csvLine(columns.map(({ name }) => name)));
      return {
        add(rows) {
          for (let start = 0; start < rows.length; start += ROWS_AT_ONCE) {
            const end = Math.min(start + ROWS_AT_ONCE, rows.length);
            let text = '';
            for (let row = start; row < end; row += 1) text += encode(rows[row]!);
            pending.append(text);
          }
          return pending.length >= CHUNK_BYTES ? compress(pending.take()) : undefined;
        },
        end: () => compress(pending.take()),
      };
    },
  };
};

/** Collects text as UTF-8. */
const textBuffer = () => {
  let bytes = Buffer.alloc(0);
  let length = 0;
  return {
    get length(): number {
      return length;
    },
    append(text: string): void {
      refuseLoneSurrogates(text);
      const most = length + MAX_UTF8_BYTES * text.length;
      if (most > bytes.length) bytes = Buffer.concat([bytes.subarray(0, length)], Math.max(most, BUFFER_BYTES));
      length += bytes.write(text, length);
    },
    /** What was collected, which is the taker's from now on. */
    take(): Buffer<ArrayBuffer> {
      const taken = bytes.subarray(0, length);
      bytes = Buffer.alloc(0);
      length = 0;
      return taken;
    },
  };
};

/** Of a UTF-16 code unit. */
const MAX_UTF8_BYTES = 3;

/** Room for a chunk and what goes beyond it, so that it is rarely moved. */
const BUFFER_BYTES = 2 * CHUNK_BYTES;

const plain = (bytes: Buffer<ArrayBuffer>): Uint8Array => bytes;

/** Members of a gzip file may follow each other; compressed one by one, nothing is held between them. */
const gzip = (bytes: Buffer<ArrayBuffer>): Uint8Array => gzipSync(bytes, { level: GZIP_LEVEL });
