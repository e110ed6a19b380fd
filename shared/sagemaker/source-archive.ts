import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { InvalidInputError } from '#shared/errors.ts';
import type { SourceArchive } from '#shared/models/archive.ts';
import type { PipelineFile } from '#shared/pipeline/pipeline-folder.ts';
import type { Run } from '#shared/pipeline/run.ts';
import { runFolderIn } from '#shared/store/layout.ts';

/**
 * Packs a pipeline's files as the `sourcedir.tar.gz` that SageMaker's containers unpack: members at the archive's root.
 * The same files give the same bytes: order, times, owners and modes are fixed.
 */
export const sourceArchive = async (files: readonly PipelineFile[]): Promise<Buffer> => {
  const archive = pack();
  for (const { path, content } of files) {
    archive.entry({ name: path, mode: path.endsWith('.sh') ? 0o755 : 0o644, mtime: new Date(0) }, content);
  }
  archive.finalize();
  return buffer(archive.pipe(createGzip({ level: 9 })));
};

/** Where a run keeps its code. The folder holds nothing else, so that it can be a channel of the training job. */
export const sourceFolderUri = (runUri: string): string => runFolderIn(runUri, 'source');

/**
 * The archive that a run wrote before it trained.
 *
 * @throws InvalidInputError for a run that has trained nothing.
 */
export const sourceArchiveOf = ({ runUri, sourceSha256 }: Pick<Run, 'runUri' | 'sourceSha256'>): SourceArchive => {
  if (sourceSha256 !== undefined) return { uri: sourceArchiveUri(runUri), sha256: sourceSha256, versionId: null };
  throw new InvalidInputError(
    `The run ${runUri} has kept no digest of its code, so nothing proves what it trained with. Train again.`,
  );
};

export const sourceArchiveUri = (runUri: string): string => `${sourceFolderUri(runUri)}sourcedir.tar.gz`;
