import type { Row } from '#shared/warehouse/warehouse.ts';

/** How rows are put into an object. */
export interface PartFormat {
  /** Of the object's name, with its dot. */
  readonly extension: string;
  readonly contentType: string;
  /** Begins an object. */
  open(): RowEncoder;
}

export interface RowEncoder {
  /** Adds rows, and answers the bytes that are complete, if there are enough of them. */
  add(rows: readonly Row[]): Uint8Array | undefined;
  /** The bytes that remain, and the end of the object. */
  end(): Uint8Array;
}
