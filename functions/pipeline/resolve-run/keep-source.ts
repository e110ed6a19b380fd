import { createHash } from 'node:crypto';
import { InvalidInputError, ObjectChangedError } from '#shared/errors.ts';
import { assertUnchanged, isUnchanged } from '#shared/models/archive.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { readPipelineFolder } from '#shared/pipeline/pipeline-folder.ts';
import type { Run } from '#shared/pipeline/run.ts';
import { sourceArchive, sourceArchiveOf, sourceArchiveUri } from '#shared/sagemaker/source-archive.ts';

export const sha256Of = (archive: Buffer): string => createHash('sha256').update(archive).digest('hex');

/**
 * Puts the pipeline's code beside the run's record: what trains is what was deployed when the run began. It is written once;
 * the archive of an earlier try has the digest that the record names.
 *
 * @throws ModelChangedError when something else is there.
 */
export const keepSource = async (objectStore: ObjectStore, run: Run, archive: Buffer): Promise<void> => {
  const uri = sourceArchiveUri(run.runUri);
  try {
    await objectStore.put(uri, archive, { contentType: 'application/gzip', ifNoneMatch: '*' });
  } catch (error) {
    if (!(error instanceof ObjectChangedError)) throw error;
    await assertUnchanged(objectStore, uri, sourceArchiveOf(run));
  }
};

/**
 * Makes sure that a run which is resumed has its code: a run that ended in its first state may not have kept it.
 *
 * @throws InvalidInputError when the code isn't there, and what is deployed now isn't the code of the run.
 */
export const assureSource = async (objectStore: ObjectStore, run: Run, pipelinesDir: string): Promise<void> => {
  const { runId, runUri, pipeline, sourceSha256 } = run;
  if (await isUnchanged(objectStore, sourceArchiveUri(runUri), sourceArchiveOf(run))) return;
  const archive = await sourceArchive((await readPipelineFolder(pipelinesDir, pipeline)).files);
  if (sha256Of(archive) === sourceSha256) return keepSource(objectStore, run, archive);
  throw new InvalidInputError(
    `The run ${runId} can't be resumed: its code was not kept, and the pipeline ${pipeline} has other code now. Start a new run.`,
  );
};
