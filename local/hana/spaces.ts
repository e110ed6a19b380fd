import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Administration } from './sql/administration.ts';
import { statementsOf } from './statements-of.ts';

/** `datasphere/space.yml` beside a pipeline: what the laptop's warehouse holds for it. */
const SpaceFile = z.strictObject({
  space: z.string(),
  tables: z.array(
    z.strictObject({
      table: z.string(),
      /** A Parquet, CSV or JSON file: a path beside space.yml, or `npm:<package>/<path>`. */
      file: z.string(),
      /** HANA's column definitions. */
      columns: z.string(),
      /** DuckDB's query over the file, which it calls `source`. */
      query: z.string(),
    }),
  ),
  /** A file of HANA statements, run after the tables are filled. */
  sql: z.string(),
});
type SpaceFile = z.infer<typeof SpaceFile>;

export interface SpacesOptions {
  readonly pipelinesDir: string;
  /** Hears in a few words what takes time. */
  readonly onProgress: (text: string) => void;
}

/**
 * Fills the warehouse with what the pipelines' `datasphere/` folders describe. A table that exists already is left as it
 * is, so that only the first start takes time; views are built anew, so that an edited view takes effect at the next start.
 */
export const fillSpaces = async (
  administration: Administration,
  { pipelinesDir, onProgress }: SpacesOptions,
): Promise<void> => {
  for (const folder of spaceFolders(pipelinesDir)) {
    const space = SpaceFile.parse(parse(readFileSync(join(folder, 'space.yml'), 'utf8')));
    await administration.ensureSpace(space.space);
    for (const table of space.tables)
      await ensureTable(administration, { folder, space: space.space, table, onProgress });
    for (const sql of statementsOf(readFileSync(join(folder, space.sql), 'utf8'))) await administration.execute(sql);
  }
};

const spaceFolders = (pipelinesDir: string): string[] =>
  readdirSync(pipelinesDir)
    .map((name) => join(pipelinesDir, name, 'datasphere'))
    .filter((folder) => existsSync(join(folder, 'space.yml')));

interface TableOfSpace {
  readonly folder: string;
  readonly space: string;
  readonly table: SpaceFile['tables'][number];
  readonly onProgress: (text: string) => void;
}

const ensureTable = async (
  administration: Administration,
  { folder, space, table, onProgress }: TableOfSpace,
): Promise<void> => {
  if (administration.exists(space, table.table)) return;
  onProgress(`filling the warehouse: ${space}.${table.table} from ${table.file} (once) …`);
  await administration.loadTable({
    schema: space,
    table: table.table,
    definition: table.columns,
    query: `WITH source AS (SELECT * FROM ${reader(filePath(folder, table.file))}) ${table.query}`,
  });
};

const READERS: Readonly<Record<string, string>> = {
  '.parquet': 'read_parquet',
  '.csv': 'read_csv',
  '.json': 'read_json',
};

const reader = (file: string): string => {
  const name = READERS[extname(file)];
  if (!name) throw new TypeError(`${file} is not a Parquet, CSV or JSON file.`);
  return `${name}('${file.replaceAll("'", "''")}')`;
};

const filePath = (folder: string, file: string): string =>
  file.startsWith('npm:') ? packageFile(folder, file.slice('npm:'.length)) : join(folder, file);

/** A package's data files are seldom among its exports, so the folders where Node would look for it are searched. */
const packageFile = (folder: string, path: string): string => {
  const places = createRequire(join(folder, 'space.yml')).resolve.paths(path) ?? [];
  const found = places.map((place) => join(place, path)).find((candidate) => existsSync(candidate));
  if (!found) throw new TypeError(`npm:${path} is not installed. Run \`npm ci\`.`);
  return found;
};
