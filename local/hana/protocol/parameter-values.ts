import type { HanaDecimal, HanaValue } from '#local/hana/engine.ts';
import type { ByteReader } from './byte-reader.ts';
import { unixDaysOf, unixDaysOfDate } from './calendar.ts';
import { decodeCesu8 } from './cesu8.ts';
import { TYPE_CODE } from './codes.ts';
import { HANA_ERRORS } from './errors.ts';
import { readVariableLength } from './variable-length.ts';

/** Reads one value of its type; FIXED types need the parameter's scale. */
export type ReadValue = (reader: ByteReader, scale: number) => HanaValue;

const text: ReadValue = (reader) => {
  const length = readVariableLength(reader);
  if (length === undefined) return null;
  const start = reader.advance(length);
  return decodeCesu8(reader.bytes, start, start + length);
};

const bytes: ReadValue = (reader) => {
  const length = readVariableLength(reader);
  return length === undefined ? null : Uint8Array.from(reader.take(length));
};

const fixedDecimal =
  (byteCount: number): ReadValue =>
  (reader, scale) => {
    const start = reader.advance(byteCount);
    let unscaled = byteCount === 12 ? BigInt(reader.bytes.readInt32LE(start + 8)) : 0n;
    if (byteCount === 16) unscaled = reader.bytes.readBigInt64LE(start + 8);
    unscaled =
      byteCount === 8 ? reader.bytes.readBigInt64LE(start) : (unscaled << 64n) | reader.bytes.readBigUInt64LE(start);
    return { kind: 'decimal', unscaled, scale };
  };

const decimal: ReadValue = (reader) => {
  const start = reader.advance(16);
  const low = reader.bytes.readBigUInt64LE(start);
  const high = reader.bytes.readBigUInt64LE(start + 8);
  if (((high >> 56n) & 0x70n) === 0x70n) return null;
  const mantissa = ((high & 0x1ffffffffffffn) << 64n) | low;
  const exponent = Number((high >> 49n) & 0x3fffn) - DECIMAL_EXPONENT_BIAS;
  return normalDecimal(high >> 63n ? -mantissa : mantissa, exponent);
};

const DECIMAL_EXPONENT_BIAS = 6176;
const MAX_DECIMAL_DIGITS = 38;

/** As few digits after the point as the value needs, at least none. */
export const normalDecimal = (mantissa: bigint, exponent: number): HanaDecimal => {
  if (mantissa === 0n)
    return { kind: 'decimal', unscaled: 0n, scale: Math.min(Math.max(-exponent, 0), MAX_DECIMAL_DIGITS) };
  if (exponent > MAX_DECIMAL_DIGITS) throw HANA_ERRORS.numericOverflow(`${mantissa}E${exponent}`);
  return exponent > 0
    ? { kind: 'decimal', unscaled: mantissa * 10n ** BigInt(exponent), scale: 0 }
    : { kind: 'decimal', unscaled: mantissa, scale: -exponent };
};

const real: ReadValue = (reader) => {
  const start = reader.advance(4);
  return reader.bytes.readUInt32LE(start) === 0xffffffff ? null : reader.bytes.readFloatLE(start);
};

const double: ReadValue = (reader) => {
  const start = reader.advance(8);
  const isNull = reader.bytes.readUInt32LE(start) === 0xffffffff && reader.bytes.readUInt32LE(start + 4) === 0xffffffff;
  return isNull ? null : reader.bytes.readDoubleLE(start);
};

const dayDate: ReadValue = (reader) => {
  const day = reader.i32();
  return day === 0 || day === NULL_DAYDATE ? null : { kind: 'date', days: unixDaysOf(day) };
};

const secondTime: ReadValue = (reader) => {
  const seconds = reader.i32();
  if (seconds === 0 || seconds === NULL_SECONDTIME) return null;
  if (seconds < 0 || seconds > NULL_SECONDTIME) throw HANA_ERRORS.invalidDate(`second ${seconds} of a day`);
  return { kind: 'time', micros: BigInt(seconds - 1) * 1_000_000n };
};

const longDate: ReadValue = (reader) => {
  const value = reader.i64();
  if (value === 0n || value === NULL_LONGDATE) return null;
  const ticks = value - 1n;
  if (ticks < 0n) throw HANA_ERRORS.invalidDate(`tick ${value}`);
  if (ticks % 10n !== 0n) {
    throw HANA_ERRORS.notSupported('a TIMESTAMP with 7 digits of a second; this database keeps microseconds');
  }
  return timestamp(Number(ticks / 864_000_000_000n) + 1, (ticks % 864_000_000_000n) / 10n);
};

const secondDate: ReadValue = (reader) => {
  const value = reader.i64();
  if (value === 0n || value === NULL_SECONDDATE) return null;
  const seconds = value - 1n;
  if (seconds < 0n) throw HANA_ERRORS.invalidDate(`second ${value}`);
  return timestamp(Number(seconds / 86_400n) + 1, (seconds % 86_400n) * 1_000_000n);
};

const timestamp = (dayNumber: number, microsOfDay: bigint): HanaValue => ({
  kind: 'timestamp',
  micros: BigInt(unixDaysOf(dayNumber)) * MICROS_PER_DAY + microsOfDay,
});

const MICROS_PER_DAY = 86_400_000_000n;
const NULL_DAYDATE = 3652062;
const NULL_SECONDTIME = 86402;
const NULL_LONGDATE = 3155380704000000001n;
const NULL_SECONDDATE = 315538070401n;

/** Year with 0x8000, month from 0, day; zeros are NULL. */
const dateDigits = (reader: ByteReader): number | undefined => {
  const year = reader.u16();
  const month = reader.u8();
  const day = reader.u8();
  if (!(year & 0x8000)) return undefined;
  return unixDaysOfDate({ year: year & 0x7fff, month: month + 1, day });
};

/** Hour with 0x80, minute, milliseconds with the seconds; zeros are NULL. */
const timeDigits = (reader: ByteReader): bigint | undefined => {
  const hour = reader.u8();
  const minute = reader.u8();
  const millis = reader.u16();
  if (!(hour & 0x80)) return undefined;
  if ((hour & 0x7f) > 24 || minute > 59 || millis > 59_999) throw HANA_ERRORS.invalidDate('a time of day');
  return BigInt((hour & 0x7f) * 3_600_000 + minute * 60_000 + millis) * 1000n;
};

const date: ReadValue = (reader) => {
  const days = dateDigits(reader);
  return days === undefined ? null : { kind: 'date', days };
};

const time: ReadValue = (reader) => {
  const micros = timeDigits(reader);
  return micros === undefined ? null : { kind: 'time', micros };
};

const timestampDigits: ReadValue = (reader) => {
  const days = dateDigits(reader);
  const micros = timeDigits(reader);
  return days === undefined ? null : { kind: 'timestamp', micros: BigInt(days) * MICROS_PER_DAY + (micros ?? 0n) };
};

/** By the type that a value names. */
export const VALUE_READERS: Readonly<Record<number, ReadValue>> = {
  [TYPE_CODE.TINYINT]: (reader) => BigInt(reader.u8()),
  [TYPE_CODE.SMALLINT]: (reader) => BigInt(reader.i16()),
  [TYPE_CODE.INT]: (reader) => BigInt(reader.i32()),
  [TYPE_CODE.BIGINT]: (reader) => reader.i64(),
  [TYPE_CODE.DECIMAL]: decimal,
  [TYPE_CODE.REAL]: real,
  [TYPE_CODE.DOUBLE]: double,
  [TYPE_CODE.CHAR]: text,
  [TYPE_CODE.VARCHAR]: text,
  [TYPE_CODE.NCHAR]: text,
  [TYPE_CODE.NVARCHAR]: text,
  [TYPE_CODE.STRING]: text,
  [TYPE_CODE.NSTRING]: text,
  [TYPE_CODE.BINARY]: bytes,
  [TYPE_CODE.VARBINARY]: bytes,
  [TYPE_CODE.BSTRING]: bytes,
  [TYPE_CODE.DATE]: date,
  [TYPE_CODE.TIME]: time,
  [TYPE_CODE.TIMESTAMP]: timestampDigits,
  [TYPE_CODE.BOOLEAN]: (reader) => {
    const value = reader.u8();
    return value === 1 ? null : value === 2;
  },
  [TYPE_CODE.DAYDATE]: dayDate,
  [TYPE_CODE.SECONDTIME]: secondTime,
  [TYPE_CODE.LONGDATE]: longDate,
  [TYPE_CODE.SECONDDATE]: secondDate,
  [TYPE_CODE.FIXED8]: fixedDecimal(8),
  [TYPE_CODE.FIXED12]: fixedDecimal(12),
  [TYPE_CODE.FIXED16]: fixedDecimal(16),
};
