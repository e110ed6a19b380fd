import type { DuckDBDataChunk } from '@duckdb/node-api';
import type { HanaColumn, HanaCursor } from '../../engine.ts';
import { fromDuckDb } from '../errors.ts';
import type { QueryStream } from './query-stream.ts';

/**
 * A result that is computed while it is read. The first chunk is read at once, so that an error in the query is an error
 * of its execution. `detach` reads the rest, because another statement on the same connection would cut it short.
 */
export class Cursor implements HanaCursor {
  readonly columns: readonly HanaColumn[];
  private readonly stream: QueryStream;
  /** Called once, when the result has been read to its end, has failed or is given up. */
  private readonly release: (finished: boolean) => Promise<void>;
  private readonly ready: DuckDBDataChunk[] = [];
  private open = true;

  private constructor(
    columns: readonly HanaColumn[],
    stream: QueryStream,
    release: (finished: boolean) => Promise<void>,
  ) {
    this.columns = columns;
    this.stream = stream;
    this.release = release;
  }

  static async start(
    columns: readonly HanaColumn[],
    stream: QueryStream,
    release: (finished: boolean) => Promise<void>,
  ): Promise<Cursor> {
    const cursor = new Cursor(columns, stream, release);
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
    await this.end(false);
  }

  private async read(): Promise<void> {
    if (!this.open) return;
    const chunk = await this.stream.next().catch(async (error: unknown) => {
      await this.end(false);
      throw fromDuckDb(error);
    });
    if (chunk) this.ready.push(chunk);
    else await this.end(true);
  }

  private async end(finished: boolean): Promise<void> {
    if (!this.open) return;
    this.open = false;
    await this.release(finished);
  }
}
