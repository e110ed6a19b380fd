/** Rows being encoded into one growing buffer, with the end of each, so that they can be sent in slices. */
export class RowTarget {
  bytes: Buffer;
  view: DataView;
  /** Bytes written. */
  length = 0;
  rowCount = 0;
  rowEnds = new Uint32Array(4096);

  constructor(capacityBytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(capacityBytes);
    this.view = viewOf(this.bytes);
  }

  /** Makes room up to `end` bytes; what is written stays. */
  reserve(end: number): void {
    if (end <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(end, 2 * this.bytes.length));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
    this.view = viewOf(grown);
  }

  /** Takes over rows that were written up to `length`. */
  commit(rowEnds: Uint32Array, length: number): void {
    const rowCount = this.rowCount + rowEnds.length;
    if (rowCount > this.rowEnds.length) {
      const grown = new Uint32Array(Math.max(rowCount, 2 * this.rowEnds.length));
      grown.set(this.rowEnds.subarray(0, this.rowCount));
      this.rowEnds = grown;
    }
    this.rowEnds.set(rowEnds, this.rowCount);
    this.rowCount = rowCount;
    this.length = length;
  }

  /** The bytes of rows `from` up to, not including, `to`. */
  rows(from: number, to: number): Buffer {
    return this.bytes.subarray(this.#start(from), this.#start(to));
  }

  #start(row: number): number {
    return row === 0 ? 0 : (this.rowEnds[row - 1] as number);
  }
}

const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
