import { ProtocolError } from './protocol-error.ts';

/**
 * HANA's text on the wire: UTF-8, except that each half of a surrogate pair is 3 bytes of its own. A text may begin or end
 * between such halves, as a piece of a LOB does.
 */
export const encodeCesu8 = (text: string): Buffer => {
  if (!text.isWellFormed()) return encodeUnits(text);
  const utf8 = Buffer.from(text, 'utf8');
  return utf8.some((byte) => byte >= FOUR_BYTE_LEAD) ? cesu8FromUtf8(utf8) : utf8;
};

/** Copies UTF-8 into `target` as CESU-8; returns the position after the last byte written. */
export const writeCesu8 = (
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  position: number,
): number => {
  let to = position;
  for (let from = start; from < end; ) {
    const byte = source[from] as number;
    if (byte < FOUR_BYTE_LEAD) {
      target[to++] = byte;
      from += 1;
      continue;
    }
    const codePoint =
      ((byte & 0x07) << 18) |
      (((source[from + 1] as number) & 0x3f) << 12) |
      (((source[from + 2] as number) & 0x3f) << 6) |
      ((source[from + 3] as number) & 0x3f);
    to = writeThreeBytes(target, to, 0xd800 + ((codePoint - 0x10000) >> 10));
    to = writeThreeBytes(target, to, 0xdc00 + (codePoint & 0x3ff));
    from += 4;
  }
  return to;
};

/** Bytes that UTF-8 text takes as CESU-8. */
export const cesu8Length = (utf8: Uint8Array, start: number, end: number): number => {
  let length = end - start;
  for (let index = start; index < end; index++) if ((utf8[index] as number) >= FOUR_BYTE_LEAD) length += 2;
  return length;
};

/** UTF-16 units of UTF-8 text, which is how HANA counts the characters of an NCLOB. */
export const utf16Length = (utf8: Uint8Array, start: number, end: number): number => {
  let length = 0;
  for (let index = start; index < end; index++) {
    const byte = utf8[index] as number;
    if ((byte & 0xc0) !== 0x80) length += byte >= FOUR_BYTE_LEAD ? 2 : 1;
  }
  return length;
};

/**
 * Text of CESU-8 bytes; plain UTF-8 is taken too.
 *
 * @throws ProtocolError when the bytes are neither, or hold half a surrogate pair, which no UTF-8 database can keep.
 */
export const decodeCesu8 = (bytes: Buffer, start = 0, end = bytes.length): string => {
  for (let index = start; index < end; index++) {
    if ((bytes[index] as number) >= 0x80) return decodeNonAscii(bytes, start, end);
  }
  return bytes.toString('latin1', start, end);
};

/** The first byte of a four-byte UTF-8 sequence is at least this. */
const FOUR_BYTE_LEAD = 0xf0;

const cesu8FromUtf8 = (utf8: Buffer): Buffer => {
  const cesu8 = Buffer.allocUnsafe(cesu8Length(utf8, 0, utf8.length));
  writeCesu8(utf8, 0, utf8.length, cesu8, 0);
  return cesu8;
};

const encodeUnits = (text: string): Buffer => {
  const bytes = Buffer.allocUnsafe(3 * text.length);
  let to = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) bytes[to++] = unit;
    else if (unit < 0x800) {
      bytes[to++] = 0xc0 | (unit >> 6);
      bytes[to++] = 0x80 | (unit & 0x3f);
    } else to = writeThreeBytes(bytes, to, unit);
  }
  return bytes.subarray(0, to);
};

/** One UTF-16 unit from U+0800 on. */
const writeThreeBytes = (target: Uint8Array, position: number, unit: number): number => {
  target[position] = 0xe0 | (unit >> 12);
  target[position + 1] = 0x80 | ((unit >> 6) & 0x3f);
  target[position + 2] = 0x80 | (unit & 0x3f);
  return position + 3;
};

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const decodeNonAscii = (bytes: Buffer, start: number, end: number): string => {
  try {
    return strictUtf8.decode(
      hasSurrogates(bytes, start, end) ? joinSurrogates(bytes, start, end) : bytes.subarray(start, end),
    );
  } catch (cause) {
    throw new ProtocolError('text is not CESU-8, or holds half a surrogate pair', { cause });
  }
};

/** A surrogate in CESU-8 is 0xED followed by 0xA0 or more. */
const hasSurrogates = (bytes: Buffer, start: number, end: number): boolean => {
  for (
    let index = bytes.indexOf(0xed, start);
    index !== -1 && index < end - 1;
    index = bytes.indexOf(0xed, index + 1)
  ) {
    if ((bytes[index + 1] as number) >= 0xa0) return true;
  }
  return false;
};

/** CESU-8 to UTF-8; a surrogate without its partner stays as it is, which a strict UTF-8 decoder then refuses. */
const joinSurrogates = (bytes: Buffer, start: number, end: number): Buffer => {
  const utf8 = Buffer.allocUnsafe(end - start);
  let to = 0;
  for (let from = start; from < end; ) {
    const high = surrogateAt(bytes, from, end, 0xa0);
    const low = high === undefined ? undefined : surrogateAt(bytes, from + 3, end, 0xb0);
    if (high === undefined || low === undefined) {
      utf8[to++] = bytes[from++] as number;
      continue;
    }
    const codePoint = 0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff);
    utf8[to++] = 0xf0 | (codePoint >> 18);
    utf8[to++] = 0x80 | ((codePoint >> 12) & 0x3f);
    utf8[to++] = 0x80 | ((codePoint >> 6) & 0x3f);
    utf8[to++] = 0x80 | (codePoint & 0x3f);
    from += 6;
  }
  return utf8.subarray(0, to);
};

/** `second` is the lowest second byte: 0xA0 for the first half of a pair, 0xB0 for the second. */
const surrogateAt = (bytes: Buffer, index: number, end: number, second: number): number | undefined => {
  if (index + 3 > end || bytes[index] !== 0xed) return undefined;
  const middle = bytes[index + 1] as number;
  if (middle < second || middle >= second + 0x10) return undefined;
  return 0xd000 | ((middle & 0x3f) << 6) | ((bytes[index + 2] as number) & 0x3f);
};
