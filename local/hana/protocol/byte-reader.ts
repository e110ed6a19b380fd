import { ProtocolError } from './protocol-error.ts';

/** Reads little-endian values front to back; running past the end is the peer's error, never a crash. */
export class ByteReader {
  readonly bytes: Buffer;
  position = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get remaining(): number {
    return this.bytes.length - this.position;
  }

  u8(): number {
    return this.bytes[this.advance(1)] as number;
  }

  u16(): number {
    return this.bytes.readUInt16LE(this.advance(2));
  }

  i16(): number {
    return this.bytes.readInt16LE(this.advance(2));
  }

  i32(): number {
    return this.bytes.readInt32LE(this.advance(4));
  }

  u32(): number {
    return this.bytes.readUInt32LE(this.advance(4));
  }

  i64(): bigint {
    return this.bytes.readBigInt64LE(this.advance(8));
  }

  f32(): number {
    return this.bytes.readFloatLE(this.advance(4));
  }

  f64(): number {
    return this.bytes.readDoubleLE(this.advance(8));
  }

  /** The next `length` bytes, as a view. */
  take(length: number): Buffer {
    const start = this.advance(length);
    return this.bytes.subarray(start, start + length);
  }

  /** The position before moving on by `length` bytes. */
  advance(length: number): number {
    const start = this.position;
    if (length < 0 || length > this.bytes.length - start) {
      throw new ProtocolError(`${length} bytes announced, ${this.bytes.length - start} there`);
    }
    this.position = start + length;
    return start;
  }
}
