import { cp, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { ROOT_DIR } from './test-cloud.ts';

const TINY = join(ROOT_DIR, 'test', 'pipelines', 'tiny');

/** A change of the tiny pipeline: settings to merge into its pipeline.yml, and files to put beside it. */
export interface Variation {
  readonly settings?: Settings;
  readonly files?: Readonly<Record<string, string>>;
}

/** Undefined takes a setting away. */
export interface Settings {
  readonly [name: string]: unknown;
}

/** A folder of pipelines: `tiny` with its warehouse, and variations of it by their names. */
export const pipelinesFromTiny = async (variations: Readonly<Record<string, Variation>>): Promise<string> => {
  const pipelinesDir = await mkdtemp(join(tmpdir(), 'fedml-pipelines-'));
  await cp(TINY, join(pipelinesDir, 'tiny'), { recursive: true });
  for (const [name, variation] of Object.entries(variations)) await addVariation(pipelinesDir, name, variation);
  return pipelinesDir;
};

/** Adds a variation of `tiny` to a folder of pipelines. */
export const addVariation = async (
  pipelinesDir: string,
  name: string,
  { settings = {}, files = {} }: Variation,
): Promise<void> => {
  const folder = join(pipelinesDir, name);
  await mkdir(folder);
  const definition = parse(await readFile(join(TINY, 'pipeline.yml'), 'utf8')) as Settings;
  const all: Record<string, string> = {
    'train.py': await readFile(join(TINY, 'train.py'), 'utf8'),
    'pipeline.yml': stringify(merged(definition, { name, ...settings })),
    ...files,
  };
  for (const [path, content] of Object.entries(all)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), content);
  }
};

const merged = (settings: Settings, changes: Settings): Settings => ({
  ...settings,
  ...Object.fromEntries(
    Object.entries(changes).map(([name, change]) => {
      const before = settings[name];
      return [name, isSettings(change) && isSettings(before) ? merged(before, change) : change];
    }),
  ),
});

const isSettings = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
