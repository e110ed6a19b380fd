import type { DuckDBDataChunk } from '@duckdb/node-api';
import { type ColumnVector, columnVector, isValid } from './column-vector.ts';
import type { RowTarget } from './row-target.ts';

/** Writes one column of a result set, a chunk at a time: first all widths, then the values of a range of rows. */
export interface ColumnEncoder {
  /** Takes the chunk's column and adds the bytes of each value to `widths`. */
  load(chunk: DuckDBDataChunk, widths: Uint32Array): void;
  /** Writes rows `from` up to `to`, each at its position, and moves the positions behind the values. */
  write(target: RowTarget, positions: Uint32Array, from: number, to: number): void;
}

/** How one value of a loaded column is written at a position; NULL is handled apart. */
export interface ValueWriter {
  /** DuckDB's bytes for one value. */
  readonly elementBytes: number;
  readonly valueBytes: number;
  readonly nullBytes: number;
  /** Chosen once per chunk, so that the loop over the rows runs over typed arrays only. */
  writeValues(target: RowTarget, column: ColumnVector, positions: Uint32Array, from: number, to: number): void;
}

/** A column whose values all take the same bytes, and its NULLs too. */
export const fixedWidthColumn = (columnIndex: number, writer: ValueWriter): ColumnEncoder => {
  const { elementBytes, valueBytes, nullBytes } = writer;
  let column: ColumnVector;
  return {
    load(chunk, widths) {
      column = columnVector(chunk, columnIndex, elementBytes);
      const { validity, rowCount } = column;
      for (let row = 0; row < rowCount; row++) {
        const width = validity && !isValid(validity, row) ? nullBytes : valueBytes;
        widths[row] = (widths[row] as number) + width;
      }
    },
    write(target, positions, from, to) {
      writer.writeValues(target, column, positions, from, to);
    },
  };
};
