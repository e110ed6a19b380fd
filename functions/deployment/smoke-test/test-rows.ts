import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { csvField } from '#shared/dataset/csv.ts';
import type { DatasetManifest } from '#shared/dataset/manifest.ts';
import { type CsvRecord, readCsv } from '#shared/dataset/read-csv.ts';
import { parquetRecords } from '#shared/dataset/read-parquet.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import type { TrainingSource } from '#shared/pipeline/definition.ts';

/** The first rows of a dataset as CSV lines of features: without the key, without what the model is to say. */
export const testRows = async (
  objectStore: ObjectStore,
  { columns, format, parts }: DatasetManifest,
  { key, target }: TrainingSource,
  maxRows: number,
): Promise<string[]> => {
  const features = columns.flatMap(({ name }, index) => (name === target || key.includes(name) ? [] : [index]));
  const rows: string[] = [];
  for (const { uri } of parts) {
    const part = await objectStore.getStream(uri);
    try {
      const records =
        format.type === 'csv'
          ? csvFields(part, uri, format)
          : await parquetRecords(await buffer(part), columns, maxRows);
      for await (const fields of records) {
        rows.push(features.map((index) => csvField(fields[index]!)).join(','));
        if (rows.length === maxRows) return rows;
      }
    } finally {
      part.destroy();
    }
  }
  return rows;
};

async function* csvFields(
  part: Readable,
  uri: string,
  { header, compression }: Extract<DatasetManifest['format'], { type: 'csv' }>,
): AsyncGenerator<CsvRecord['fields']> {
  for await (const records of readCsv(compression === 'gzip' ? part.pipe(createGunzip()) : part, uri)) {
    for (const { line, fields } of records) if (!header || line > 1) yield fields;
  }
}
