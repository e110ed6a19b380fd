import type { DuckDBDataChunk } from '@duckdb/node-api';
import type { HanaColumn, HanaCursor } from '../../engine.ts';
import { fromDuckDb } from '../errors.ts';
import type { QueryStream } from './query-stream.ts';
import type { Spill, SpilledRows } from './spill.ts';

/** So many chunks, of 2,048 rows each, are kept in memory when a result is read ahead of its reader. */
const MAX_CHUNKS_IN_MEMORY = 32;

interface CursorSource {
  readonly columns: readonly HanaColumn[];
  readonly stream: QueryStream;
  /** Called once, when the result has been read to its end, has failed or is given up. */
  readonly release: (finished: boolean) => Promise<void>;
  /** Ends a read that is under way, where the connection serves nobody else. */
  readonly interrupt?: () => void;
}

/**
 * A result that is computed while it is read. The first chunk is read at once, so that an error in the query is an error
 * of its execution. `detach` reads the rest, because another statement on the same connection would cut it short.
 * Calls may overlap: each waits for the one before it.
 */
export class Cursor implements HanaCursor {
  readonly columns: readonly HanaColumn[];
  private readonly source: CursorSource;
  private readonly ready: DuckDBDataChunk[] = [];
  private spilled: SpilledRows | undefined;
  private failure: Error | undefined;
  private open = true;
  private last: Promise<unknown> = Promise.resolve();

  private constructor(source: CursorSource) {
    this.columns = source.columns;
    this.source = source;
  }

  static async start(source: CursorSource): Promise<Cursor> {
    const cursor = new Cursor(source);
    const first = await cursor.read();
    if (first) cursor.ready.push(first);
    return cursor;
  }

  nextChunk(): Promise<DuckDBDataChunk | undefined> {
    return this.afterwards(async () => {
      const kept = this.ready.shift() ?? (await this.spilled?.next());
      if (kept) return kept;
      this.spilled = undefined;
      if (this.failure) throw this.failure;
      return this.read();
    });
  }

  /** Reads what is left, so that the connection is free for other statements. An error is this cursor's, not theirs. */
  detach(spill: Spill): Promise<void> {
    return this.afterwards(() =>
      this.readAhead(spill).catch((error: Error) => {
        this.failure = error;
      }),
    );
  }

  close(): Promise<void> {
    if (this.open) this.source.interrupt?.();
    return this.afterwards(async () => {
      this.ready.length = 0;
      this.spilled?.close();
      this.spilled = undefined;
      this.failure = undefined;
      await this.end(false);
    });
  }

  private afterwards<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work);
    this.last = result.catch(() => undefined);
    return result;
  }

  private async readAhead(spill: Spill): Promise<void> {
    for (let chunk = await this.read(); chunk; chunk = await this.read()) {
      if (this.ready.length >= MAX_CHUNKS_IN_MEMORY) {
        this.spilled = await spill.keep(chunk, () => this.read());
        return;
      }
      this.ready.push(chunk);
    }
  }

  private async read(): Promise<DuckDBDataChunk | undefined> {
    if (!this.open) return undefined;
    const chunk = await this.source.stream.next().catch(async (error: unknown) => {
      await this.end(false);
      throw fromDuckDb(error);
    });
    if (!chunk) await this.end(true);
    return chunk;
  }

  private async end(finished: boolean): Promise<void> {
    if (!this.open) return;
    this.open = false;
    await this.source.release(finished);
  }
}
