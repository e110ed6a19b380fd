import type { DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api';
import type { HanaColumn, HanaCursor } from '../../engine.ts';

interface CursorSource {
  readonly result: DuckDBResult;
  /** Called once, when the result has been read to its end, has failed or is given up. */
  readonly release: (finished: boolean) => void;
  /** What the session makes of an error while rows are read. */
  readonly failed: (error: unknown) => Promise<Error>;
}

/**
 * A result that DuckDB computes while it is read. The first chunk is read at once, so that an error in the query is an
 * error of its execution. `detach` reads the rest, because another statement on the same connection would cut it short.
 */
export class Cursor implements HanaCursor {
  readonly columns: readonly HanaColumn[];
  private readonly source: CursorSource;
  private readonly ready: DuckDBDataChunk[] = [];
  private open = true;

  private constructor(columns: readonly HanaColumn[], source: CursorSource) {
    this.columns = columns;
    this.source = source;
  }

  static async start(columns: readonly HanaColumn[], source: CursorSource): Promise<Cursor> {
    const cursor = new Cursor(columns, source);
    await cursor.read();
    return cursor;
  }

  async nextChunk(): Promise<DuckDBDataChunk | undefined> {
    if (this.ready.length === 0) await this.read();
    return this.ready.shift();
  }

  /** Reads what is left, so that the connection is free for other statements. */
  async detach(): Promise<void> {
    while (this.open) await this.read();
  }

  async close(): Promise<void> {
    this.ready.length = 0;
    this.end(false);
  }

  private async read(): Promise<void> {
    if (!this.open) return;
    const chunk = await this.fetch();
    if (chunk && chunk.rowCount > 0) this.ready.push(chunk);
    else this.end(true);
  }

  private async fetch(): Promise<DuckDBDataChunk | null> {
    try {
      return await this.source.result.fetchChunk();
    } catch (error) {
      this.end(false);
      throw await this.source.failed(error);
    }
  }

  private end(finished: boolean): void {
    if (!this.open) return;
    this.open = false;
    this.source.release(finished);
  }
}
