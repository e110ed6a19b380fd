import { z } from 'zod';
import { ObjectMissingError, UnknownRunError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { type Run, RunUri, runFolderUri } from '#shared/pipeline/run.ts';
import { folderIn } from '#shared/store/layout.ts';

/**
 * Where runs are found without reading every record ever written: `run-index/ids/<run id>.json` says where a run's folder
 * is, and the names under `run-index/pipelines/<pipeline>/` sort a pipeline's runs from the newest to the oldest.
 */
export const indexRun = async (
  objectStore: ObjectStore,
  storeUri: string,
  { runId, runUri, pipeline, startedAt }: Pick<Run, 'runId' | 'runUri' | 'pipeline' | 'startedAt'>,
): Promise<void> => {
  const entry = JSON.stringify({ runUri });
  const options = { contentType: 'application/json' };
  await objectStore.put(idUri(storeUri, runId), entry, options);
  await objectStore.put(`${pipelineUri(storeUri, pipeline)}${positionOf(startedAt)}-${runId}`, entry, options);
};

/**
 * The folder of a run.
 *
 * @throws UnknownRunError when no run of that id has got as far as having one.
 */
export const findRunUri = async (objectStore: ObjectStore, storeUri: string, runId: string): Promise<string> => {
  try {
    const { text } = await objectStore.getText(idUri(storeUri, runId));
    return z.object({ runUri: RunUri }).parse(JSON.parse(text)).runUri;
  } catch (error) {
    throw error instanceof ObjectMissingError
      ? new UnknownRunError(`There is no run ${runId}.`, { cause: error })
      : error;
  }
};

export interface RunPage {
  readonly runUris: readonly string[];
  /** Where the next page begins; undefined on the last one. */
  readonly nextToken?: string;
}

export interface RunQuery {
  readonly pipelines: readonly string[];
  readonly limit: number;
  readonly nextToken?: string | undefined;
}

/** The runs of some pipelines, newest first, a page at a time. */
export const pageOfRuns = async (
  objectStore: ObjectStore,
  storeUri: string,
  { pipelines, limit, nextToken = '' }: RunQuery,
): Promise<RunPage> => {
  const candidates: { readonly pipeline: string; readonly name: string }[] = [];
  for (const pipeline of pipelines) {
    const folder = pipelineUri(storeUri, pipeline);
    let count = 0;
    for await (const { uri } of objectStore.list(folder, { afterUri: `${folder}${nextToken}` })) {
      candidates.push({ pipeline, name: uri.slice(folder.length) });
      count += 1;
      if (count > limit) break;
    }
  }
  candidates.sort((a, b) => (a.name < b.name ? -1 : 1));
  const page = candidates.slice(0, limit);
  const runUris = page.map(({ pipeline, name }) => runFolderUri(storeUri, pipeline, name.slice(POSITION_LENGTH + 1)));
  return { runUris, ...(candidates.length > limit && { nextToken: page.at(-1)!.name }) };
};

const POSITION_LENGTH = 13;

/** Milliseconds until a time that no run will see: later runs have smaller positions, and objects are listed in that order. */
const positionOf = (startedAt: string): string =>
  String(9_999_999_999_999 - Date.parse(startedAt)).padStart(POSITION_LENGTH, '0');

const idUri = (storeUri: string, runId: string): string => `${folderIn(storeUri, 'run-index')}ids/${runId}.json`;

const pipelineUri = (storeUri: string, pipeline: string): string =>
  `${folderIn(storeUri, 'run-index')}pipelines/${pipeline}/`;
