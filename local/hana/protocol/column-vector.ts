import type { DuckDBDataChunk } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';

/** One column of a chunk, as DuckDB lays it out: copied once, then read through typed arrays. */
export interface ColumnVector {
  readonly rowCount: number;
  /** DuckDB's own array, `elementBytes` a row, aligned for any typed array. */
  readonly data: Uint8Array;
  readonly words: Uint32Array;
  /** A bit a row, least significant first, set where the row has a value; undefined when every row has one. */
  readonly validity: Uint8Array | undefined;
}

/** @param elementBytes what DuckDB takes for one value of the column's type */
export const columnVector = (chunk: DuckDBDataChunk, columnIndex: number, elementBytes: number): ColumnVector => {
  const rowCount = chunk.rowCount;
  const vector = duckdb.data_chunk_get_vector(chunk.chunk, columnIndex);
  const data = aligned(duckdb.vector_get_data(vector, rowCount * elementBytes));
  const words = new Uint32Array(data.buffer, data.byteOffset, data.byteLength >> 2);
  const validity = duckdb.vector_get_validity(vector, Math.ceil(rowCount / 64) * 8) ?? undefined;
  return { rowCount, data, words, validity };
};

/** Whether the row has a value. */
export const isValid = (validity: Uint8Array, row: number): boolean =>
  ((validity[row >> 3] as number) & (1 << (row & 7))) !== 0;

const aligned = (bytes: Uint8Array): Uint8Array => (bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes));
