import type { HanaColumn, HanaParameter, HanaType, HanaTypeName } from '#local/hana/engine.ts';
import { encodeCesu8 } from './cesu8.ts';
import { PART_KIND, TYPE_CODE } from './codes.ts';
import type { ReplyPart } from './reply.ts';

/** How a type travels in one data format. */
export interface WireType {
  readonly typeCode: number;
  readonly length: number;
  readonly fraction: number;
}

/** The form of a type in the data format that client and server agreed on. */
export const wireTypeOf = (type: HanaType, dataFormat: number): WireType => WIRE_TYPES[type.name](type, dataFormat);

/** LOBs are read and written by locator, apart from the row. */
const isLob = (type: HanaType): boolean => type.name === 'CLOB' || type.name === 'NCLOB' || type.name === 'BLOB';

/** 24 bytes a column, then the names. Native clients size their fetches by the lengths given here. */
export const resultSetMetadataPart = (columns: readonly HanaColumn[], dataFormat: number): ReplyPart => {
  const names = new Map<string, number>();
  let namesBytes = 0;
  const nameOffset = (name: string): number => {
    const known = names.get(name);
    if (known !== undefined) return known;
    const offset = namesBytes;
    names.set(name, offset);
    namesBytes += 1 + nameBytes(name).length;
    return offset;
  };
  const records = columns.map((column) => {
    const { typeCode, length, fraction } = wireTypeOf(column.type, dataFormat);
    const record = Buffer.alloc(24);
    record.writeUInt8(column.nullable ? NULLABLE : NOT_NULL, 0);
    record.writeUInt8(typeCode, 1);
    record.writeInt16LE(fraction, 2);
    record.writeInt16LE(isLob(column.type) ? LOB_COLUMN_LENGTH : length, 4);
    [column.table ?? '', column.schema ?? '', column.name, column.name].forEach((name, index) => {
      record.writeUInt32LE(nameOffset(name), 8 + 4 * index);
    });
    return record;
  });
  const nameRecords = [...names.keys()].map((name) => {
    const bytes = nameBytes(name);
    return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  });
  return {
    kind: PART_KIND.RESULT_SET_METADATA,
    argumentCount: columns.length,
    data: Buffer.concat([...records, ...nameRecords]),
  };
};

/** 16 bytes a parameter; parameters have no names. */
export const parameterMetadataPart = (parameters: readonly HanaParameter[], dataFormat: number): ReplyPart => {
  const records = parameters.map(({ type }) => {
    const { typeCode, length, fraction } = wireTypeOf(type, dataFormat);
    const record = Buffer.alloc(16);
    record.writeUInt8(NULLABLE, 0);
    record.writeUInt8(typeCode, 1);
    record.writeUInt8(INPUT, 2);
    record.writeUInt32LE(NO_NAME, 4);
    record.writeInt16LE(length, 8);
    record.writeInt16LE(fraction, 10);
    return record;
  });
  return { kind: PART_KIND.PARAMETER_METADATA, argumentCount: records.length, data: Buffer.concat(records) };
};

const NOT_NULL = 1;
const NULLABLE = 2;
const INPUT = 1;
const NO_NAME = 0xffffffff;
const LOB_COLUMN_LENGTH = -1;

/** Lengths are signed 16-bit on the wire. */
const MAX_LENGTH = 0x7fff;

/** A name's length is one byte. HANA's own names have at most 127 characters. */
const nameBytes = (name: string): Buffer => encodeCesu8(name).subarray(0, 255);

const fixed =
  (typeCode: number, length: number, fraction = 0) =>
  (): WireType => ({ typeCode, length, fraction });

const sized =
  (typeCode: number) =>
  ({ length }: HanaType): WireType => ({ typeCode, length: Math.min(length, MAX_LENGTH), fraction: 0 });

/** A type that has a form of its own from data format `since` on. */
const since =
  (format: number, modern: WireType, before: WireType) =>
  (_: HanaType, dataFormat: number): WireType =>
    dataFormat >= format ? modern : before;

/** The fraction that says that each value has its own point. */
const FLOATING = 0x7fff;

const decimal = ({ length, scale, floatingDigits }: HanaType, dataFormat: number): WireType => {
  if (floatingDigits !== undefined) return { typeCode: TYPE_CODE.DECIMAL, length: floatingDigits, fraction: FLOATING };
  const typeCode =
    dataFormat < 8
      ? TYPE_CODE.DECIMAL
      : length <= 18
        ? TYPE_CODE.FIXED8
        : length <= 28
          ? TYPE_CODE.FIXED12
          : TYPE_CODE.FIXED16;
  return { typeCode, length, fraction: scale };
};

const WIRE_TYPES: Readonly<Record<HanaTypeName, (type: HanaType, dataFormat: number) => WireType>> = {
  BOOLEAN: since(
    7,
    { typeCode: TYPE_CODE.BOOLEAN, length: 1, fraction: 0 },
    { typeCode: TYPE_CODE.TINYINT, length: 3, fraction: 0 },
  ),
  TINYINT: fixed(TYPE_CODE.TINYINT, 3),
  SMALLINT: fixed(TYPE_CODE.SMALLINT, 5),
  INTEGER: fixed(TYPE_CODE.INT, 10),
  BIGINT: fixed(TYPE_CODE.BIGINT, 19),
  DECIMAL: decimal,
  REAL: fixed(TYPE_CODE.REAL, 24),
  DOUBLE: fixed(TYPE_CODE.DOUBLE, 53),
  VARCHAR: sized(TYPE_CODE.VARCHAR),
  NVARCHAR: sized(TYPE_CODE.NVARCHAR),
  VARBINARY: sized(TYPE_CODE.VARBINARY),
  DATE: since(
    4,
    { typeCode: TYPE_CODE.DAYDATE, length: 10, fraction: 0 },
    { typeCode: TYPE_CODE.DATE, length: 10, fraction: 0 },
  ),
  TIME: since(
    4,
    { typeCode: TYPE_CODE.SECONDTIME, length: 8, fraction: 0 },
    { typeCode: TYPE_CODE.TIME, length: 8, fraction: 0 },
  ),
  SECONDDATE: since(
    4,
    { typeCode: TYPE_CODE.SECONDDATE, length: 19, fraction: 0 },
    { typeCode: TYPE_CODE.TIMESTAMP, length: 19, fraction: 0 },
  ),
  TIMESTAMP: since(
    4,
    { typeCode: TYPE_CODE.LONGDATE, length: 27, fraction: 7 },
    { typeCode: TYPE_CODE.TIMESTAMP, length: 27, fraction: 7 },
  ),
  CLOB: fixed(TYPE_CODE.CLOB, 0),
  NCLOB: fixed(TYPE_CODE.NCLOB, 0),
  BLOB: fixed(TYPE_CODE.BLOB, 0),
};
