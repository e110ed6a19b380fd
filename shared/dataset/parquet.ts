import { zstdCompressSync } from 'node:zlib';
import type { SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { DatasetColumn, DatasetFormat } from '#shared/dataset/manifest.ts';
import { parquetColumn } from '#shared/dataset/parquet-columns.ts';
import type { PartFormat } from '#shared/dataset/row-encoder.ts';
import type { Row, WarehouseValue } from '#shared/warehouse/warehouse.ts';

/** Rows that are encoded at once: as many as their columns are small in memory, and still compress well. */
const ROW_GROUP_VALUES = 400_000;

/** Parquet with HANA's types, a row group at a time. */
export const parquetFormat = (
  { compression }: Extract<DatasetFormat, { type: 'parquet' }>,
  columns: readonly DatasetColumn[],
): PartFormat => {
  const encoders = columns.map(parquetColumn);
  const schema: SchemaElement[] = [
    { name: 'root', num_children: columns.length },
    ...encoders.map(({ element }) => element),
  ];
  const groupRows = Math.max(1, Math.ceil(ROW_GROUP_VALUES / columns.length));
  return {
    extension: '.parquet',
    contentType: 'application/vnd.apache.parquet',
    open() {
      const writer = new ByteWriter();
      const file = new ParquetWriter({
        writer,
        schema,
        codec: compression ? CODECS[compression] : 'UNCOMPRESSED',
        compressors: { ZSTD: (bytes) => zstdCompressSync(bytes) },
        createdBy: 'fedml-serverless',
      });
      let group = columns.map((): WarehouseValue[] => []);
      const writeGroup = (): void => {
        const columnData = encoders.map(({ element, encode }, index) => ({
          name: element.name,
          data: group[index]!.map((value) => (value === null ? null : encode(value))),
        }));
        group = columns.map(() => []);
        void file.write({ columnData, rowGroupSize: groupRows });
      };
      /** The bytes so far; the writer's offset goes on, as the file's footer needs it. */
      const take = (): Uint8Array => {
        const bytes = writer.getBytes().slice();
        writer.index = 0;
        return bytes;
      };
      return {
        add(rows: readonly Row[]) {
          for (const row of rows) for (const [index, values] of group.entries()) values.push(row[index]!);
          if (group[0]!.length < groupRows) return undefined;
          writeGroup();
          return take();
        },
        end() {
          if (group[0]!.length > 0) writeGroup();
          void file.finish();
          return take();
        },
      };
    },
  };
};

const CODECS = { zstd: 'ZSTD', snappy: 'SNAPPY' } as const;
