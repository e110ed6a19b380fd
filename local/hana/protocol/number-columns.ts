import type { ValueWriter } from './column-encoder.ts';
import { type ColumnVector, isValid } from './column-vector.ts';
import { HANA_ERRORS } from './errors.ts';

/**
 * A whole number or a DECIMAL of a FIXED type: `01` and the two's complement, or `00` for NULL.
 *
 * @param elementBytes DuckDB's bytes; the wire takes more (small decimals) or fewer (FIXED12 from 16)
 */
export const wholeNumber = (elementBytes: number, wireBytes: number, isSigned = true): ValueWriter => ({
  elementBytes,
  valueBytes: 1 + wireBytes,
  nullBytes: 1,
  writeValues:
    elementBytes < 8 ? narrowNumbers(elementBytes, wireBytes, isSigned) : wideNumbers(elementBytes, wireBytes),
});

/** REAL and DOUBLE: as they are, or all bits set for NULL. */
export const floatingPoint = (bytes: 4 | 8): ValueWriter => ({
  elementBytes: bytes,
  valueBytes: bytes,
  nullBytes: bytes,
  writeValues: ({ view }, { words, validity }, positions, from, to) => {
    const wordCount = bytes / 4;
    for (let row = from; row < to; row++) {
      const position = positions[row] as number;
      positions[row] = position + bytes;
      const isNull = validity !== undefined && !isValid(validity, row);
      for (let word = 0; word < wordCount; word++) {
        view.setUint32(position + 4 * word, isNull ? ALL_BITS : (words[row * wordCount + word] as number), true);
      }
    }
  },
});

/** BOOLEAN: 0 false, 1 NULL, 2 true. */
export const boolean: ValueWriter = {
  elementBytes: 1,
  valueBytes: 1,
  nullBytes: 1,
  writeValues: ({ bytes }, { data, validity }, positions, from, to) => {
    for (let row = from; row < to; row++) {
      const position = positions[row] as number;
      positions[row] = position + 1;
      bytes[position] = validity && !isValid(validity, row) ? 1 : data[row] === 0 ? 0 : 2;
    }
  },
};

/**
 * DECIMAL before the FIXED types: a sign, 14 bits of exponent and 113 bits of mantissa.
 *
 * @throws HanaError 314 for more digits than the mantissa holds (about 34).
 */
export const decimal = (elementBytes: number, scale: number): ValueWriter =>
  wideDecimal(elementBytes, (unscaled) => ({ unscaled, scale }));

/** A DECIMAL with a point of its own: without the zeros that DuckDB's fixed scale adds. */
export const floatingDecimal = (elementBytes: number, scale: number): ValueWriter =>
  wideDecimal(elementBytes, (unscaled) => withoutZeros(unscaled, scale));

const withoutZeros = (unscaled: bigint, scale: number): Unscaled => {
  if (unscaled === 0n) return { unscaled, scale: 0 };
  let [digits, places] = [unscaled, scale];
  while (places > 0 && digits % 10n === 0n) [digits, places] = [digits / 10n, places - 1];
  return { unscaled: digits, scale: places };
};

interface Unscaled {
  readonly unscaled: bigint;
  readonly scale: number;
}

const wideDecimal = (elementBytes: number, formOf: (unscaled: bigint) => Unscaled): ValueWriter => ({
  elementBytes,
  valueBytes: DECIMAL_BYTES,
  nullBytes: DECIMAL_BYTES,
  writeValues: ({ view }, column, positions, from, to) => {
    for (let row = from; row < to; row++) {
      const position = positions[row] as number;
      positions[row] = position + DECIMAL_BYTES;
      if (column.validity && !isValid(column.validity, row)) {
        view.setBigUint64(position, 0n, true);
        view.setBigUint64(position + 8, DECIMAL_NULL, true);
        continue;
      }
      writeDecimal(view, position, formOf(unscaledValue(column, row, elementBytes)));
    }
  },
});

const ALL_BITS = 0xffffffff;
const DECIMAL_BYTES = 16;
const DECIMAL_NULL = 0x70n << 56n;
const DECIMAL_EXPONENT_BIAS = 6176;
const MANTISSA_BITS = 113n;

type WriteValues = ValueWriter['writeValues'];

const narrowNumbers =
  (elementBytes: number, wireBytes: number, isSigned: boolean): WriteValues =>
  ({ bytes, view }, { data, rowCount, validity }, positions, from, to) => {
    const values = narrowArray(data, rowCount, elementBytes, isSigned);
    for (let row = from; row < to; row++) {
      const position = positions[row] as number;
      if (validity && !isValid(validity, row)) {
        bytes[position] = 0;
        positions[row] = position + 1;
        continue;
      }
      const value = values[row] as number;
      bytes[position] = 1;
      if (wireBytes === 1) view.setInt8(position + 1, value);
      else if (wireBytes === 2) view.setInt16(position + 1, value, true);
      else {
        view.setInt32(position + 1, value, true);
        for (let offset = 4; offset < wireBytes; offset += 4) view.setInt32(position + 1 + offset, value >> 31, true);
      }
      positions[row] = position + 1 + wireBytes;
    }
  };

const narrowArray = (
  { buffer, byteOffset }: Uint8Array,
  rowCount: number,
  elementBytes: number,
  isSigned: boolean,
): Int8Array | Uint8Array | Int16Array | Int32Array => {
  if (elementBytes === 1)
    return isSigned ? new Int8Array(buffer, byteOffset, rowCount) : new Uint8Array(buffer, byteOffset, rowCount);
  return elementBytes === 2
    ? new Int16Array(buffer, byteOffset, rowCount)
    : new Int32Array(buffer, byteOffset, rowCount);
};

const wideNumbers = (elementBytes: number, wireBytes: number): WriteValues => {
  const elementWords = elementBytes / 4;
  const wireWords = wireBytes / 4;
  return ({ bytes, view }, { words, validity }, positions, from, to) => {
    for (let row = from; row < to; row++) {
      const position = positions[row] as number;
      if (validity && !isValid(validity, row)) {
        bytes[position] = 0;
        positions[row] = position + 1;
        continue;
      }
      bytes[position] = 1;
      for (let word = 0; word < wireWords; word++) {
        view.setUint32(position + 1 + 4 * word, words[row * elementWords + word] as number, true);
      }
      positions[row] = position + 1 + wireBytes;
    }
  };
};

const unscaledValue = ({ data }: ColumnVector, row: number, elementBytes: number): bigint => {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const offset = row * elementBytes;
  if (elementBytes === 16) return (view.getBigInt64(offset + 8, true) << 64n) | view.getBigUint64(offset, true);
  if (elementBytes === 8) return view.getBigInt64(offset, true);
  return BigInt(elementBytes === 4 ? view.getInt32(offset, true) : view.getInt16(offset, true));
};

const writeDecimal = (view: DataView, position: number, { unscaled, scale }: Unscaled): void => {
  const isNegative = unscaled < 0n;
  let mantissa = isNegative ? -unscaled : unscaled;
  let exponent = DECIMAL_EXPONENT_BIAS - scale;
  while (mantissa >> MANTISSA_BITS !== 0n) {
    if (mantissa % 10n !== 0n) throw HANA_ERRORS.numericOverflow(`${unscaled} / 10^${scale} in this client's DECIMAL`);
    mantissa /= 10n;
    exponent += 1;
  }
  const high = (mantissa >> 64n) | (BigInt(exponent) << 49n) | (isNegative ? 1n << 63n : 0n);
  view.setBigUint64(position, mantissa & 0xffffffffffffffffn, true);
  view.setBigUint64(position + 8, high, true);
};
