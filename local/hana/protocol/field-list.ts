import { ByteReader } from './byte-reader.ts';
import { ProtocolError } from './protocol-error.ts';

/** Byte strings in a row, as authentication carries them: a count, then each one's length and bytes. */
export const encodeFields = (fields: readonly Buffer[]): Buffer => {
  const count = Buffer.alloc(2);
  count.writeUInt16LE(fields.length);
  return Buffer.concat([count, ...fields.flatMap((field) => [fieldLength(field.length), field])]);
};

/** @throws ProtocolError when counts or lengths don't fit the data. */
export const parseFields = (data: Buffer): Buffer[] => {
  const reader = new ByteReader(data);
  const fields: Buffer[] = [];
  for (let count = reader.u16(); count > 0; count--) fields.push(reader.take(readLength(reader)));
  return fields;
};

/** Lengths up to this take one byte. */
const MAX_SHORT_LENGTH = 245;

const fieldLength = (length: number): Buffer => {
  if (length <= MAX_SHORT_LENGTH) return Buffer.from([length]);
  const long = Buffer.from([246, 0, 0]);
  long.writeUInt16LE(length, 1);
  return long;
};

const readLength = (reader: ByteReader): number => {
  const first = reader.u8();
  if (first <= MAX_SHORT_LENGTH) return first;
  const readLong = LONG_LENGTHS[first];
  if (!readLong) throw new ProtocolError(`a field's length starts with ${first}`);
  return readLong(reader);
};

const LONG_LENGTHS: Readonly<Record<number, (reader: ByteReader) => number>> = {
  246: (reader) => reader.u16(),
  247: (reader) => reader.u32(),
  255: (reader) => reader.take(2).readUInt16BE(),
};
