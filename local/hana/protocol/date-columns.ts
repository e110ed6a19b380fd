import { dayNumberOf, GREGORIAN_START, gregorianDate, LAST_DAY, UNIX_DAY_NUMBER } from './calendar.ts';
import type { ValueWriter } from './column-encoder.ts';
import { type ColumnVector, isValid } from './column-vector.ts';
import type { RowTarget } from './row-target.ts';

/** DATE as a day number. */
export const dayDate = fixed(4, 4, ({ view }, { words }, row, position) => {
  if (row < 0) view.setInt32(position, NULL_DAYDATE, true);
  else view.setInt32(position, dayNumberOf((words[row] as number) | 0), true);
});

/** TIME as seconds of the day, from 1. */
export const secondTime = fixed(8, 4, ({ view }, { words }, row, position) => {
  if (row < 0) view.setInt32(position, NULL_SECONDTIME, true);
  else view.setInt32(position, Math.floor(safeInteger(words, row) / 1e6) + 1, true);
});

/** TIMESTAMP as 100 ns since 0001-01-01, from 1. */
export const longDate = fixed(8, 8, ({ view }, { words }, row, position) => {
  if (row < 0) {
    view.setBigInt64(position, NULL_LONGDATE, true);
    return;
  }
  const low = words[2 * row] as number;
  const high = (words[2 * row + 1] as number) | 0;
  if (high <= FIRST_FAST_HIGH || high >= LAST_FAST_HIGH) {
    view.setBigInt64(position, longDateOf((BigInt(high) << 32n) | BigInt(low)), true);
    return;
  }
  // 64-bit `micros * 10 + offset` in two halves, both exact in a double: no bigint per value.
  const lowSum = low * 10 + OFFSET_LOW;
  const carry = Math.floor(lowSum / WORD);
  view.setUint32(position, lowSum - carry * WORD, true);
  view.setInt32(position + 4, high * 10 + OFFSET_HIGH + carry, true);
});

/** SECONDDATE as seconds since 0001-01-01, from 1. */
export const secondDate = fixed(8, 8, ({ view }, { words }, row, position) => {
  if (row < 0) {
    view.setBigInt64(position, NULL_SECONDDATE, true);
    return;
  }
  const seconds = safeInteger(words, row);
  const days = Math.floor(seconds / SECONDS_PER_DAY);
  const value = (dayNumberOf(days) - 1) * SECONDS_PER_DAY + (seconds - days * SECONDS_PER_DAY) + 1;
  const high = Math.floor(value / WORD);
  view.setUint32(position, value - high * WORD, true);
  view.setInt32(position + 4, high, true);
});

/** The forms before data format 4: the date's and the time's own digits, to the millisecond; zeros are NULL. */
export const dateDigits = fixed(4, 4, ({ view }, { words }, row, position) => {
  if (row < 0) view.setUint32(position, 0, true);
  else writeDate(view, position, (words[row] as number) | 0);
});

export const timeDigits = fixed(8, 4, ({ view }, { words }, row, position) => {
  if (row < 0) view.setUint32(position, 0, true);
  else writeTime(view, position, Math.floor(safeInteger(words, row) / 1000));
});

/** @param unitsPerSecond 1,000,000 for TIMESTAMP, 1 for SECONDDATE */
export const timestampDigits = (unitsPerSecond: number): ValueWriter =>
  fixed(8, 8, ({ view }, { words }, row, position) => {
    if (row < 0) {
      view.setBigUint64(position, 0n, true);
      return;
    }
    const unitsPerDay = SECONDS_PER_DAY * unitsPerSecond;
    const units = (BigInt((words[2 * row + 1] as number) | 0) << 32n) | BigInt(words[2 * row] as number);
    const days = Number(floorDivide(units, BigInt(unitsPerDay)));
    writeDate(view, position, days);
    writeTime(
      view,
      position + 4,
      Math.floor((Number(units - BigInt(days) * BigInt(unitsPerDay)) * 1000) / unitsPerSecond),
    );
  });

type WriteOne = (target: RowTarget, column: ColumnVector, row: number, position: number) => void;

/** @param writeOne gets row -1 for NULL */
function fixed(elementBytes: number, wireBytes: number, writeOne: WriteOne): ValueWriter {
  return {
    elementBytes,
    valueBytes: wireBytes,
    nullBytes: wireBytes,
    writeValues: (target, column, positions, from, to) => {
      const { validity } = column;
      for (let row = from; row < to; row++) {
        const position = positions[row] as number;
        positions[row] = position + wireBytes;
        writeOne(target, column, validity && !isValid(validity, row) ? -1 : row, position);
      }
    },
  };
}

const longDateOf = (micros: bigint): bigint => {
  const days = floorDivide(micros, MICROS_PER_DAY);
  const ticks = (micros - days * MICROS_PER_DAY) * 10n;
  return BigInt(dayNumberOf(Number(days)) - 1) * TICKS_PER_DAY + ticks + 1n;
};

const writeDate = (view: DataView, position: number, unixDays: number): void => {
  dayNumberOf(unixDays); // refuses what is outside of the years 1 to 9999
  const { year, month, day } = gregorianDate(unixDays);
  view.setUint16(position, year | 0x8000, true);
  view.setUint8(position + 2, month - 1);
  view.setUint8(position + 3, day);
};

const writeTime = (view: DataView, position: number, millis: number): void => {
  view.setUint8(position, Math.floor(millis / 3_600_000) | 0x80);
  view.setUint8(position + 1, Math.floor(millis / 60_000) % 60);
  view.setUint16(position + 2, millis % 60_000, true);
};

/** A 64-bit value as a number; exact for the seconds of any year and the microseconds of a day. */
const safeInteger = (words: Uint32Array, row: number): number =>
  ((words[2 * row + 1] as number) | 0) * WORD + (words[2 * row] as number);

const floorDivide = (dividend: bigint, divisor: bigint): bigint =>
  dividend >= 0n ? dividend / divisor : -((-dividend + divisor - 1n) / divisor);

const WORD = 0x100000000;
const SECONDS_PER_DAY = 86_400;
const MICROS_PER_DAY = 86_400_000_000n;
const TICKS_PER_DAY = 864_000_000_000n;

const NULL_DAYDATE = 3652062;
const NULL_SECONDTIME = 86402;
const NULL_LONGDATE = 3155380704000000001n;
const NULL_SECONDDATE = 315538070401n;

const OFFSET = BigInt(UNIX_DAY_NUMBER - 1) * TICKS_PER_DAY + 1n;
const OFFSET_LOW = Number(OFFSET & 0xffffffffn);
const OFFSET_HIGH = Number(OFFSET >> 32n);

/** Between these upper halves of the microseconds every timestamp is Gregorian and within the year 9999. */
const FIRST_FAST_HIGH = Number((BigInt(GREGORIAN_START) * MICROS_PER_DAY) >> 32n);
const LAST_FAST_HIGH = Number((BigInt(LAST_DAY) * MICROS_PER_DAY) >> 32n);
