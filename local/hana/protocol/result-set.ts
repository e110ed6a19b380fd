import { setImmediate } from 'node:timers/promises';
import type { HanaCursor } from '#local/hana/engine.ts';
import { PART_ATTRIBUTE, PART_KIND } from './codes.ts';
import type { ReplyPart } from './reply.ts';
import { type EncodingOptions, RowEncoder } from './row-encoder.ts';
import { RowTarget } from './row-target.ts';

/**
 * A cursor on its way to the client, one block ahead of it: while the client decodes a block, the next one is read from
 * the engine and encoded. Two blocks are the most it holds.
 */
export class ResultSet {
  readonly id: bigint;
  readonly #cursor: HanaCursor;
  readonly #encoder: RowEncoder;
  #askedRows: number;
  #block: Promise<Block>;
  #sentRows = 0;
  #blockBytes = MAX_REPLY_BYTES / 8;

  constructor(id: bigint, cursor: HanaCursor, options: EncodingOptions) {
    this.id = id;
    this.#cursor = cursor;
    this.#encoder = new RowEncoder(cursor.columns, options);
    this.#askedRows = FIRST_REPLY_ROWS;
    this.#block = this.#prepare();
  }

  /**
   * The next rows, at most `maxRows` and about a megabyte; fewer do not mean the end, `isLast` does.
   *
   * @throws what the engine throws; the result set is over then.
   */
  async next(maxRows = FIRST_REPLY_ROWS): Promise<{ readonly part: ReplyPart; readonly isLast: boolean }> {
    const { rows, isLast: isLastBlock } = await this.#block;
    const from = this.#sentRows;
    const to = Math.min(rows.rowCount, from + maxRows);
    const isBlockDone = to === rows.rowCount;
    const isLast = isBlockDone && isLastBlock;
    this.#sentRows = isBlockDone ? 0 : to;
    if (isBlockDone && !isLast) {
      this.#askedRows = maxRows;
      this.#block = this.#prepare();
    }
    const isEmpty = rows.rowCount === 0;
    const attributes = isEmpty
      ? PART_ATTRIBUTE.LAST | PART_ATTRIBUTE.ROW_NOT_FOUND | PART_ATTRIBUTE.CLOSED
      : isLast
        ? PART_ATTRIBUTE.LAST | PART_ATTRIBUTE.CLOSED
        : 0;
    return {
      part: { kind: PART_KIND.RESULT_SET, attributes, argumentCount: to - from, data: rows.rows(from, to) },
      isLast,
    };
  }

  /** Frees the cursor, after the block that is being prepared. */
  async close(): Promise<void> {
    await this.#block.catch(() => undefined);
    await this.#cursor.close();
  }

  #prepare(): Promise<Block> {
    const block = this.#encodeBlock();
    block.catch(() => undefined); // thrown again to whoever asks for the rows
    return block;
  }

  async #encodeBlock(): Promise<Block> {
    await setImmediate(); // the reply before goes out first
    const rows = new RowTarget(this.#blockBytes);
    const limits = { maxRows: this.#askedRows, maxBytes: MAX_REPLY_BYTES };
    while (await this.#hasRows()) {
      this.#encoder.encode(rows, limits);
      if (this.#encoder.remainingRows > 0) break;
    }
    this.#blockBytes = Math.min(MAX_REPLY_BYTES, rows.length + (rows.length >> 2) + 4096);
    return { rows, isLast: this.#encoder.remainingRows === 0 };
  }

  async #hasRows(): Promise<boolean> {
    while (this.#encoder.remainingRows === 0) {
      const chunk = await this.#cursor.nextChunk();
      if (!chunk) return false;
      this.#encoder.load(chunk);
    }
    return true;
  }
}

interface Block {
  readonly rows: RowTarget;
  readonly isLast: boolean;
}

/** What one reply carries at most, in bytes, unless a single row is longer. Clients take more, but gain nothing. */
const MAX_REPLY_BYTES = 1 << 20;

/** The rows of the first reply, which no client asks a number for, are bound by bytes; this only bounds tiny rows. */
const FIRST_REPLY_ROWS = 65_536;
