import { join, relative } from 'node:path';
import type { LambdaFunction } from '#local/lambda/functions.ts';
import { unzip } from './zip-archive.ts';

export interface ArtifactOptions {
  readonly rootDir: string;
  /** Where `serverless package` left its archives, one a function. */
  readonly artifactsDir: string;
  /** What the functions' names have before the names of their archives, such as `fedml-serverless-local-`. */
  readonly prefix: string;
  /** Where they are unpacked: a folder without a `node_modules` above it, so that nothing is found but what was packed. */
  readonly folder: string;
}

/** The same functions, run as they would be deployed: each from its unpacked archive instead of its sources. */
export const fromArtifacts = async (
  functions: Readonly<Record<string, LambdaFunction>>,
  { rootDir, artifactsDir, prefix, folder }: ArtifactOptions,
): Promise<Record<string, LambdaFunction>> => {
  const packaged: Record<string, LambdaFunction> = {};
  for (const [name, definition] of Object.entries(functions)) {
    const key = name.replace(prefix, '');
    const taskRoot = join(folder, key);
    await unzip(join(artifactsDir, `${key}.zip`), taskRoot);
    const bundle = relative(rootDir, definition.handlerFile).replace(/\.ts$/, '.cjs');
    packaged[name] = { ...definition, handlerFile: join(taskRoot, bundle), taskRoot };
  }
  return packaged;
};
