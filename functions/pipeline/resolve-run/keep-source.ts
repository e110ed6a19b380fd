import { InvalidInputError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { type PipelineFolder, readPipelineFolder } from '#shared/pipeline/pipeline-folder.ts';
import type { Run } from '#shared/pipeline/run.ts';
import { sourceArchive, sourceArchiveUri } from '#shared/sagemaker/source-archive.ts';

/** Puts the pipeline's code beside the run's record: what trains is what was deployed when the run began. */
export const keepSource = async (
  objectStore: ObjectStore,
  runUri: string,
  { files }: PipelineFolder,
): Promise<void> => {
  await objectStore.put(sourceArchiveUri(runUri), await sourceArchive(files), { contentType: 'application/gzip' });
};

/**
 * Makes sure that a run which is resumed has its code: a run that ended in its first state may not have kept it.
 *
 * @throws InvalidInputError when the code isn't there, and what is deployed now isn't the code of the run.
 */
export const assureSource = async (
  objectStore: ObjectStore,
  { runId, runUri, pipeline, codeSha256 }: Run,
  pipelinesDir: string,
): Promise<void> => {
  for await (const { uri } of objectStore.list(sourceArchiveUri(runUri))) if (uri === sourceArchiveUri(runUri)) return;
  const folder = await readPipelineFolder(pipelinesDir, pipeline);
  if (folder.codeSha256 === codeSha256) return keepSource(objectStore, runUri, folder);
  throw new InvalidInputError(
    `The run ${runId} can't be resumed: its code was not kept, and the pipeline ${pipeline} has other code now. Start a new run.`,
  );
};
