import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidInputError, InvalidPipelineError, UnknownPipelineError } from '#shared/errors.ts';
import { nearestNames } from '#shared/nearest-names.ts';
import type { PipelineDefinition } from '#shared/pipeline/definition.ts';
import { parseDefinition } from '#shared/pipeline/definition-file.ts';
import { folderMistakes } from '#shared/pipeline/folder-checks.ts';

/** Scripts and settings, not data: the whole folder is held in memory and uploaded with every run that trains. */
const MAX_FOLDER_BYTES = 20 * 1024 * 1024;
const MAX_FILES = 1000;

export interface PipelineFile {
  /** Relative to the pipeline's folder, with forward slashes. */
  readonly path: string;
  readonly content: Buffer;
}

/** A pipeline as it was deployed: its definition and every file of its folder, in the order of their paths. */
export interface PipelineFolder {
  readonly definition: PipelineDefinition;
  readonly files: readonly PipelineFile[];
  /** SHA-256 over the files' paths and contents. */
  readonly codeSha256: string;
  /** The same without `pipeline.yml`: a gate or a schedule that is changed there leaves the scripts what they are. */
  readonly scriptsSha256: string;
}

/**
 * Reads `<pipelinesDir>/<name>`. Files and folders that begin with a dot, and `__pycache__`, are left out.
 *
 * @throws UnknownPipelineError offering the nearest names.
 * @throws InvalidPipelineError for mistakes in `pipeline.yml`, a missing entry point, symbolic links, too much data.
 */
export const readPipelineFolder = async (pipelinesDir: string, name: string): Promise<PipelineFolder> => {
  await assertDeployed(pipelinesDir, name);
  const files = await readFiles(join(pipelinesDir, name), name);
  const definition = parseDefinition(
    files.find(({ path }) => path === 'pipeline.yml')!.content,
    `pipelines/${name}/pipeline.yml`,
    folderMistakes(name, files),
  );
  const scripts = files.filter(({ path }) => path !== 'pipeline.yml');
  return { definition, files, codeSha256: hashOf(files), scriptsSha256: hashOf(scripts) };
};

/** The checked definition of one pipeline. Throws as `readPipelineFolder` does. */
export const loadDefinition = async (pipelinesDir: string, name: string): Promise<PipelineDefinition> =>
  (await readPipelineFolder(pipelinesDir, name)).definition;

/**
 * The pipelines that were deployed: the folders that hold a `pipeline.yml`.
 *
 * @throws InvalidInputError when there is no such folder.
 */
export const listPipelines = async (pipelinesDir: string): Promise<string[]> => {
  const entries = await readdir(pipelinesDir, { withFileTypes: true, recursive: true }).catch((error) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
    throw new InvalidInputError(`There is no folder ${pipelinesDir} of pipelines. FEDML_PIPELINES_DIR names it.`, {
      cause: error,
    });
  });
  return entries
    .filter((entry) => entry.isFile() && entry.name === 'pipeline.yml')
    .map((entry) => entry.parentPath.slice(pipelinesDir.length).replace(/^[/\\]+/, ''))
    .filter((name) => name !== '' && !/[/\\]/.test(name))
    .sort();
};

/** @throws UnknownPipelineError offering the nearest names. */
export const assertDeployed = async (pipelinesDir: string, name: string): Promise<void> => {
  const known = await listPipelines(pipelinesDir);
  if (known.includes(name)) return;
  const nearest = nearestNames(name, known);
  const offer =
    nearest.length > 0 ? `Did you mean ${nearest.join(' or ')}?` : `Deployed are: ${known.join(', ') || 'none'}.`;
  throw new UnknownPipelineError(`There is no pipeline ${JSON.stringify(name)}. ${offer}`);
};

const readFiles = async (folder: string, name: string): Promise<PipelineFile[]> => {
  const files: PipelineFile[] = [];
  let sizeBytes = 0;
  for await (const path of filePaths(folder, '', name)) {
    const content = await readFile(join(folder, path));
    sizeBytes += content.length;
    if (sizeBytes > MAX_FOLDER_BYTES || files.length === MAX_FILES) {
      throw new InvalidPipelineError(
        `pipelines/${name} holds more than ${MAX_FOLDER_BYTES / 1024 / 1024} MB or ${MAX_FILES} files. Keep scripts there, and data in the warehouse.`,
      );
    }
    files.push({ path, content });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
};

async function* filePaths(folder: string, below: string, name: string): AsyncGenerator<string> {
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    const path = `${below}${entry.name}`;
    if (entry.name.startsWith('.') || entry.name === '__pycache__') continue;
    if (entry.isDirectory()) yield* filePaths(folder, `${path}/`, name);
    else if (entry.isFile()) yield path;
    else throw new InvalidPipelineError(`pipelines/${name}/${path} is a link or a device. Put the file itself there.`);
  }
}

const hashOf = (files: readonly PipelineFile[]): string => {
  const hash = createHash('sha256');
  for (const { path, content } of files) hash.update(`${path}\0${content.length}\0`).update(content);
  return hash.digest('hex');
};
