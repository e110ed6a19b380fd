import type { DuckDBDataChunk } from '@duckdb/node-api';
import type { HanaColumn, HanaType, HanaTypeName } from '#local/hana/engine.ts';
import { type ColumnEncoder, fixedWidthColumn, type ValueWriter } from './column-encoder.ts';
import { dateDigits, dayDate, longDate, secondDate, secondTime, timeDigits, timestampDigits } from './date-columns.ts';
import { type LobKind, lobColumn } from './lob-column.ts';
import type { LobStore } from './lob-store.ts';
import { boolean, decimal, floatingDecimal, floatingPoint, wholeNumber } from './number-columns.ts';
import type { RowTarget } from './row-target.ts';
import { variableColumn } from './text-column.ts';

/**
 * Turns chunks of DuckDB column vectors into HANA's rows. It works column by column (all widths first, then the values at
 * their places), so that each inner loop meets one type only.
 */
export class RowEncoder {
  readonly #columns: readonly ColumnEncoder[];
  #widths = new Uint32Array(0);
  #positions = new Uint32Array(0);
  #rowCount = 0;
  #nextRow = 0;

  constructor(columns: readonly HanaColumn[], options: EncodingOptions) {
    this.#columns = columns.map(({ type }, index) => COLUMN_ENCODERS[type.name](index, type, options));
  }

  /** Rows of the loaded chunk that are not yet encoded. */
  get remainingRows(): number {
    return this.#rowCount - this.#nextRow;
  }

  load(chunk: DuckDBDataChunk): void {
    const { rowCount } = chunk;
    if (rowCount > this.#widths.length) {
      this.#widths = new Uint32Array(rowCount);
      this.#positions = new Uint32Array(rowCount);
    }
    this.#widths.fill(0);
    this.#rowCount = rowCount;
    this.#nextRow = 0;
    for (const column of this.#columns) column.load(chunk, this.#widths);
  }

  /** Appends as many of the remaining rows as fit; at least one when `target` is empty. */
  encode(target: RowTarget, { maxRows, maxBytes }: { readonly maxRows: number; readonly maxBytes: number }): void {
    const from = this.#nextRow;
    const end = Math.min(this.#rowCount, from + maxRows - target.rowCount);
    let to = from;
    let position = target.length;
    while (to < end) {
      const next = position + (this.#widths[to] as number);
      if (next > maxBytes && position > 0) break;
      this.#positions[to++] = position;
      position = next;
    }
    if (to === from) return;
    target.reserve(position);
    for (const column of this.#columns) column.write(target, this.#positions, from, to);
    if (this.#positions[to - 1] !== position) throw new Error('A row took other bytes than were measured.');
    target.commit(this.#positions.subarray(from, to), position);
    this.#nextRow = to;
  }
}

export interface EncodingOptions {
  readonly dataFormat: number;
  readonly lobs: LobStore;
}

type MakeEncoder = (index: number, type: HanaType, options: EncodingOptions) => ColumnEncoder;

const always =
  (writer: ValueWriter): MakeEncoder =>
  (index) =>
    fixedWidthColumn(index, writer);

/** Another form from data format `format` on; wire-types declares the same. */
const since =
  (format: number, modern: ValueWriter, before: ValueWriter): MakeEncoder =>
  (index, _, { dataFormat }) =>
    fixedWidthColumn(index, dataFormat >= format ? modern : before);

const text: MakeEncoder = (index) => variableColumn(index, 'text');
const lob: MakeEncoder = (index, { name }, { lobs }) => lobColumn(index, name as LobKind, lobs);

const decimalColumn: MakeEncoder = (index, { length, scale, floatingDigits }, { dataFormat }) => {
  const elementBytes = length <= 4 ? 2 : length <= 9 ? 4 : length <= 18 ? 8 : 16;
  if (floatingDigits !== undefined) return fixedWidthColumn(index, floatingDecimal(elementBytes, scale));
  const fixedBytes = length <= 18 ? 8 : length <= 28 ? 12 : 16;
  return fixedWidthColumn(
    index,
    dataFormat >= 8 ? wholeNumber(elementBytes, fixedBytes) : decimal(elementBytes, scale),
  );
};

const COLUMN_ENCODERS: Readonly<Record<HanaTypeName, MakeEncoder>> = {
  BOOLEAN: since(7, boolean, wholeNumber(1, 1, false)),
  TINYINT: always(wholeNumber(1, 1, false)),
  SMALLINT: always(wholeNumber(2, 2)),
  INTEGER: always(wholeNumber(4, 4)),
  BIGINT: always(wholeNumber(8, 8)),
  DECIMAL: decimalColumn,
  REAL: always(floatingPoint(4)),
  DOUBLE: always(floatingPoint(8)),
  VARCHAR: text,
  NVARCHAR: text,
  VARBINARY: (index) => variableColumn(index, 'bytes'),
  DATE: since(4, dayDate, dateDigits),
  TIME: since(4, secondTime, timeDigits),
  SECONDDATE: since(4, secondDate, timestampDigits(1)),
  TIMESTAMP: since(4, longDate, timestampDigits(1_000_000)),
  CLOB: lob,
  NCLOB: lob,
  BLOB: lob,
};
