import type { ByteReader } from './byte-reader.ts';
import { ProtocolError } from './protocol-error.ts';

/** Longer values than this have a marker and a length of 2 or 4 bytes. */
export const MAX_SHORT_LENGTH = 245;
export const U16_LENGTH = 246;
export const I32_LENGTH = 247;
export const NULL_LENGTH = 255;

/** The length that stands before a text or binary value; undefined is NULL. */
export const readVariableLength = (reader: ByteReader): number | undefined => {
  const first = reader.u8();
  if (first <= MAX_SHORT_LENGTH) return first;
  if (first === U16_LENGTH) return reader.u16();
  if (first === I32_LENGTH) return reader.i32();
  if (first === NULL_LENGTH) return undefined;
  throw new ProtocolError(`a value's length starts with ${first}`);
};
