import duckdb from '@duckdb/node-bindings';
import { cesu8Length, encodeCesu8, utf16Length } from './cesu8.ts';
import type { ColumnEncoder } from './column-encoder.ts';
import { type ColumnVector, columnVector, isValid } from './column-vector.ts';
import type { LobStore } from './lob-store.ts';

/** CLOB, NCLOB and BLOB: short ones within the row, others by a locator only. */
export const lobColumn = (columnIndex: number, kind: LobKind, store: LobStore): ColumnEncoder => {
  let column: ColumnVector;
  const isText = kind !== 'BLOB';
  return {
    load(chunk, widths) {
      column = columnVector(chunk, columnIndex, STRING_BYTES);
      for (let row = 0; row < column.rowCount; row++) {
        widths[row] = (widths[row] as number) + lobWidth(column, row, isText);
      }
    },
    write({ bytes }, positions, from, to) {
      for (let row = from; row < to; row++) {
        const position = positions[row] as number;
        bytes[position] = LOB_TYPE[kind];
        if (isNull(column, row)) {
          bytes[position + 1] = LOB_OPTION.NULL;
          positions[row] = position + 2;
          continue;
        }
        const content = contentOf(column, row);
        const isInline = content.length <= INLINE_MAX_BYTES;
        const wire = isText && isInline ? encodeCesu8(content.toString('utf8')) : content;
        bytes.writeUInt16LE(isInline ? LOB_OPTION.DATA | LOB_OPTION.LAST : 0, position + 1);
        bytes[position + 3] = 0;
        const characters = isText ? utf16Length(content, 0, content.length) : content.length;
        bytes.writeBigInt64LE(BigInt(characters), position + 4);
        bytes.writeBigInt64LE(BigInt(isText ? cesu8Length(content, 0, content.length) : content.length), position + 12);
        const locator = isInline ? store.nextLocator() : store.keep(isText ? content.toString('utf8') : content);
        bytes.writeBigInt64LE(locator, position + 20);
        bytes.writeInt32LE(isInline ? wire.length : 0, position + 28);
        positions[row] = position + LOB_HEADER_BYTES + (isInline ? wire.copy(bytes, position + LOB_HEADER_BYTES) : 0);
      }
    },
  };
};

export type LobKind = keyof typeof LOB_TYPE;

export const LOB_OPTION = { NULL: 1, DATA: 2, LAST: 4 } as const;

const LOB_TYPE = { BLOB: 1, CLOB: 2, NCLOB: 3 } as const;

/** Type, options, filler, character and byte counts, locator, chunk length. */
const LOB_HEADER_BYTES = 32;

/** LOBs up to this length travel in the row; one round trip less for each. */
const INLINE_MAX_BYTES = 8192;

const STRING_BYTES = 16;
const DUCKDB_INLINE_MAX = 12;

const isNull = ({ validity }: ColumnVector, row: number): boolean => validity !== undefined && !isValid(validity, row);

const lobWidth = (column: ColumnVector, row: number, isText: boolean): number => {
  if (isNull(column, row)) return 2;
  const length = column.words[row * 4] as number;
  if (length > INLINE_MAX_BYTES) return LOB_HEADER_BYTES;
  return LOB_HEADER_BYTES + (isText ? cesu8Length(contentOf(column, row), 0, length) : length);
};

const contentOf = ({ data, words }: ColumnVector, row: number): Buffer => {
  const length = words[row * 4] as number;
  const offset = row * STRING_BYTES;
  const bytes =
    length <= DUCKDB_INLINE_MAX
      ? data.subarray(offset + 4, offset + 4 + length)
      : duckdb.get_data_from_pointer(data.buffer as ArrayBuffer, data.byteOffset + offset + 8, length);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
};
