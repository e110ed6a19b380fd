import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { DUCKDB_COLUMNS, rowsQuery } from './rows.ts';

const struct = `{${Object.entries(DUCKDB_COLUMNS)
  .map(([name, type]) => `'${name}': '${type}'`)
  .join(', ')}}`;

/** How a contender's objects are read back, typed, whatever their text looks like. */
const READERS = {
  csv: (files: string) => `read_csv('${files}', header = false, columns = ${struct})`,
  parquet: (files: string) => `read_parquet('${files}')`,
  json: (files: string) => `read_json('${files}', columns = ${struct})`,
};

export type StagedFormat = keyof typeof READERS;

/** Throws unless the objects under the URIs are the rows that the view has, each once, in any order. Answers their bytes. */
export const checkSameRows = async (
  objectStore: ObjectStore,
  uris: readonly string[],
  { format, rowCount, folder }: { readonly format: StagedFormat; readonly rowCount: number; readonly folder: string },
): Promise<number> => {
  const copies = await mkdtemp(join(folder, 'staged-'));
  const duckdb = await DuckDBInstance.create(':memory:');
  try {
    let sizeBytes = 0;
    for (const uri of uris) {
      for await (const object of objectStore.list(uri)) {
        sizeBytes += object.sizeBytes;
        const file = join(copies, `${sizeBytes}.${format}`);
        await pipeline(await objectStore.getStream(object.uri), createWriteStream(file));
      }
    }
    const connection = await duckdb.connect();
    const names = Object.keys(DUCKDB_COLUMNS).join(', ');
    const digest = async (query: string): Promise<string> => {
      // `sum` of the rows' hashes does not depend on their order, and `xor` would miss rows that come twice.
      const reader = await connection.runAndReadAll(
        `SELECT count(*), sum(hash(${names})::HUGEINT)::VARCHAR FROM (${query}) AS t(${names})`,
      );
      return reader.getRows()[0]!.join(' ');
    };
    const staged = await digest(`SELECT * FROM ${READERS[format](join(copies, '*'))}`);
    const expected = await digest(rowsQuery(rowCount));
    if (staged !== expected) {
      throw new Error(
        `${uris.join(', ')}: the rows are not those of the view: count and sum of hashes are ${staged}, and should be ${expected}.`,
      );
    }
    return sizeBytes;
  } finally {
    duckdb.closeSync();
    await rm(copies, { recursive: true });
  }
};
