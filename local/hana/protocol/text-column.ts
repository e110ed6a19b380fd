import type { DuckDBDataChunk } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { writeCesu8 } from './cesu8.ts';
import type { ColumnEncoder } from './column-encoder.ts';
import { type ColumnVector, columnVector, isValid } from './column-vector.ts';
import type { RowTarget } from './row-target.ts';
import { I32_LENGTH, MAX_SHORT_LENGTH, NULL_LENGTH, U16_LENGTH } from './variable-length.ts';

/** VARCHAR, NVARCHAR or VARBINARY: a length and the bytes; text becomes CESU-8. */
export const variableColumn = (columnIndex: number, content: 'text' | 'bytes'): ColumnEncoder => {
  const strings = new StringVector();
  let lengths = new Int32Array(0);
  let isPlain = true;
  return {
    load(chunk, widths) {
      strings.load(chunk, columnIndex);
      isPlain = content === 'bytes' || !strings.hasFourByteSequences;
      lengths = strings.lengths;
      if (!isPlain) lengths = cesu8Lengths(strings);
      for (let row = 0; row < strings.rowCount; row++) {
        const length = lengths[row] as number;
        widths[row] = (widths[row] as number) + (length < 0 ? 1 : prefixBytes(length) + length);
      }
    },
    write(target, positions, from, to) {
      const { bytes } = target;
      for (let row = from; row < to; row++) {
        const length = lengths[row] as number;
        let position = positions[row] as number;
        if (length < 0) {
          bytes[position] = NULL_LENGTH;
          positions[row] = position + 1;
          continue;
        }
        position = writePrefix(target, position, length);
        const start = strings.starts[row] as number;
        const end = start + (strings.lengths[row] as number);
        if (!isPlain) writeCesu8(strings.bytes, start, end, bytes, position);
        else if (length > BYTE_LOOP_MAX) strings.bytes.copy(bytes, position, start, end);
        else for (let from = start, to = position; from < end; ) bytes[to++] = strings.bytes[from++] as number;
        positions[row] = position + length;
      }
    },
  };
};

/** The strings of a chunk's column in one buffer, with each one's place in it. */
class StringVector {
  bytes = Buffer.alloc(1 << 16);
  starts = new Int32Array(0);
  /** Bytes of each string; -1 is NULL. */
  lengths = new Int32Array(0);
  rowCount = 0;
  hasFourByteSequences = false;
  #end = 0;

  /**
   * DuckDB keeps strings of up to 12 bytes in the vector and others behind a pointer, mostly one after another.
   * Such a run is fetched by one call; a gap below a page between two strings lies in pages that are mapped anyway.
   */
  load(chunk: DuckDBDataChunk, columnIndex: number): void {
    const column = columnVector(chunk, columnIndex, STRING_BYTES);
    const { rowCount, words, validity } = column;
    this.#begin(column);
    let runRow = -1;
    let runStart = 0;
    let runEnd = 0;
    let fourByte = 0;
    for (let row = 0; row < rowCount; row++) {
      if (validity && !isValid(validity, row)) {
        this.lengths[row] = -1;
        continue;
      }
      const word = row * 4;
      const length = words[word] as number;
      this.lengths[row] = length;
      if (length <= INLINE_MAX) {
        this.starts[row] = row * STRING_BYTES + 4;
        fourByte |= fourByteLeads(words[word + 1] as number);
        fourByte |= fourByteLeads(words[word + 2] as number);
        fourByte |= fourByteLeads(words[word + 3] as number);
        continue;
      }
      const pointer = (words[word + 3] as number) * 0x100000000 + (words[word + 2] as number);
      if (runRow < 0 || pointer < runStart || pointer >= runEnd + MAX_GAP || runEnd - runStart > MAX_RUN) {
        if (runRow >= 0) this.#append(column, runRow, runEnd - runStart);
        runRow = row;
        runStart = pointer;
        runEnd = pointer;
      }
      this.starts[row] = this.#end + pointer - runStart;
      runEnd = Math.max(runEnd, pointer + length);
    }
    if (runRow >= 0) this.#append(column, runRow, runEnd - runStart);
    this.hasFourByteSequences = fourByte !== 0 || this.#heapHasFourByteLeads(column.data.length);
  }

  #begin({ data, rowCount }: ColumnVector): void {
    if (this.starts.length < rowCount) {
      this.starts = new Int32Array(rowCount);
      this.lengths = new Int32Array(rowCount);
    }
    this.rowCount = rowCount;
    this.#end = 0;
    this.#reserve(data.length);
    this.bytes.set(data, 0);
    this.#end = data.length;
  }

  /** Copies the run that starts at the string of `row` behind what is there. */
  #append({ data }: ColumnVector, row: number, length: number): void {
    const end = this.#end + length;
    this.#reserve(end);
    const run = duckdb.get_data_from_pointer(
      data.buffer as ArrayBuffer,
      data.byteOffset + row * STRING_BYTES + 8,
      length,
    );
    this.bytes.set(run, this.#end);
    this.#end = end;
  }

  #reserve(capacity: number): void {
    if (capacity <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(capacity, 2 * this.bytes.length));
    this.bytes.copy(grown, 0, 0, this.#end);
    this.bytes = grown;
  }

  #heapHasFourByteLeads(from: number): boolean {
    const words = new Uint32Array(this.bytes.buffer, this.bytes.byteOffset, this.#end >> 2);
    let found = 0;
    for (let word = from >> 2; word < words.length; word++) found |= fourByteLeads(words[word] as number);
    for (let index = words.length * 4; index < this.#end; index++) {
      if ((this.bytes[index] as number) >= 0xf0) return true;
    }
    return found !== 0;
  }
}

/** DuckDB's string: a length, then 12 bytes of text, or 4 of prefix and 8 of pointer. */
const STRING_BYTES = 16;
const INLINE_MAX = 12;

/** Bytes between two strings that still are one run: less than a page. */
const MAX_GAP = 4000;
/** Bytes after which a run is fetched, however it goes on. */
const MAX_RUN = 1 << 24;

/** Below this a loop beats a call. */
const BYTE_LOOP_MAX = 48;

/** Not zero when one of the four bytes is 0xF0 or more, that is, starts a four-byte sequence. */
const fourByteLeads = (word: number): number => word & (word << 1) & (word << 2) & (word << 3) & 0x80808080;

const cesu8Lengths = ({ bytes, starts, lengths, rowCount }: StringVector): Int32Array<ArrayBuffer> => {
  const result = new Int32Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    let length = lengths[row] as number;
    const start = starts[row] as number;
    const end = start + length;
    for (let index = start; index < end; index++) if ((bytes[index] as number) >= 0xf0) length += 2;
    result[row] = length;
  }
  return result;
};

const prefixBytes = (length: number): number => (length <= MAX_SHORT_LENGTH ? 1 : length <= 0xffff ? 3 : 5);

const writePrefix = ({ bytes, view }: RowTarget, position: number, length: number): number => {
  if (length <= MAX_SHORT_LENGTH) {
    bytes[position] = length;
    return position + 1;
  }
  if (length <= 0xffff) {
    bytes[position] = U16_LENGTH;
    view.setUint16(position + 1, length, true);
    return position + 3;
  }
  bytes[position] = I32_LENGTH;
  view.setInt32(position + 1, length, true);
  return position + 5;
};
