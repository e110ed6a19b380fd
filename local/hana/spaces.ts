import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { csvFile } from './csv-file.ts';
import { InvalidSpaceError } from './invalid-space-error.ts';
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
 * Fills the warehouse with what the pipelines' `datasphere/` folders describe: first all tables, then all views. A table that
 * exists already is left as it is, so that only the first start takes time; views are built anew, so that an edited view
 * takes effect at the next start.
 *
 * @throws InvalidSpaceError naming the file, and what is wrong in it.
 */
export const fillSpaces = async (
  administration: Administration,
  { pipelinesDir, onProgress }: SpacesOptions,
): Promise<void> => {
  const folders = spaceFolders(pipelinesDir);
  for (const folder of folders) {
    await administration.ensureSpace(folder.content.space);
    for (const table of folder.content.tables) await ensureTable(administration, folder, table, onProgress);
  }
  for (const folder of folders) await runStatements(administration, folder);
};

interface SpaceFolder {
  readonly path: string;
  /** How messages call the folder, such as `pipelines/flights/datasphere`. */
  readonly name: string;
  readonly content: SpaceFile;
}

const spaceFolders = (pipelinesDir: string): SpaceFolder[] =>
  readdirSync(pipelinesDir)
    .sort()
    .filter((pipeline) => existsSync(join(pipelinesDir, pipeline, 'datasphere', 'space.yml')))
    .map((pipeline) => {
      const path = join(pipelinesDir, pipeline, 'datasphere');
      const name = `pipelines/${pipeline}/datasphere`;
      return { path, name, content: readSpaceFile(join(path, 'space.yml'), `${name}/space.yml`) };
    });

const readSpaceFile = (path: string, name: string): SpaceFile => {
  try {
    return SpaceFile.parse(parse(readFileSync(path, 'utf8')));
  } catch (error) {
    const problem = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new InvalidSpaceError(`${name} can't be read.\n${problem}`, { cause: error });
  }
};

const ensureTable = async (
  administration: Administration,
  { path, name, content: { space } }: SpaceFolder,
  { table, file, columns, query }: SpaceFile['tables'][number],
  onProgress: (text: string) => void,
): Promise<void> => {
  if (administration.exists(space, table)) return;
  onProgress(`filling the warehouse: ${space}.${table} from ${file} (once) …`);
  try {
    await administration.loadTable({
      schema: space,
      table,
      definition: columns,
      query: `WITH source AS (SELECT * FROM ${await reader(filePath(path, file))}) ${query}`,
      isText: extname(file) === '.csv',
    });
  } catch (error) {
    throw new InvalidSpaceError(`${name}/space.yml: the table ${table} can't be filled. ${(error as Error).message}`, {
      cause: error,
    });
  }
};

const runStatements = async (
  administration: Administration,
  { path, name, content: { sql } }: SpaceFolder,
): Promise<void> => {
  if (!existsSync(join(path, sql))) throw new InvalidSpaceError(`${name} has no file ${sql}, which space.yml names.`);
  const statements = statementsOf(readFileSync(join(path, sql), 'utf8'));
  for (const [index, statement] of statements.entries()) {
    try {
      await administration.execute(statement);
    } catch (error) {
      throw new InvalidSpaceError(
        `${name}/${sql}: statement ${index + 1} of ${statements.length} fails. ${(error as Error).message}\n${statement}`,
        { cause: error },
      );
    }
  }
};

const READERS: Readonly<Record<string, string>> = {
  '.parquet': 'read_parquet',
  '.json': 'read_json',
};

const reader = async (file: string): Promise<string> => {
  if (extname(file) === '.csv') return (await csvFile(file)).reader;
  const name = READERS[extname(file)];
  if (!name) throw new TypeError(`${file} is not a Parquet, CSV or JSON file.`);
  return `${name}('${file.replaceAll("'", "''")}')`;
};

const filePath = (folder: string, file: string): string =>
  file.startsWith('npm:') ? packageFile(folder, file.slice('npm:'.length)) : join(folder, file);

/**
 * A package's data files are seldom among its exports, so the folders where Node would look for it are searched: from the
 * pipeline up, and from this project up, for pipelines that are kept elsewhere.
 */
const packageFile = (folder: string, path: string): string => {
  const places = [join(folder, 'space.yml'), import.meta.filename].flatMap(
    (from) => createRequire(from).resolve.paths(path) ?? [],
  );
  const found = places.map((place) => join(place, path)).find((candidate) => existsSync(candidate));
  if (!found) throw new TypeError(`npm:${path} is not installed. Run \`npm ci\`.`);
  return found;
};
