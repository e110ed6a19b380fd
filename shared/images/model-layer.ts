import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { Readable } from 'node:stream';
import { InvalidInputError, ModelMissingError } from '#shared/errors.ts';
import type { ArchiveLimits } from './archive-entries.ts';
import { type LayerFile, writeLayer } from './layer-file.ts';
import { layerTree } from './layer-tree.ts';

/** Where a serving image looks for what it serves. Absolute paths. */
export interface ModelLayout {
  readonly modelFolder: string;
  readonly codeFolder: string;
  /** Owner of the code, when the image's server installs it and isn't root. */
  readonly codeOwnerId: number;
}

export interface ModelArchives {
  /** Opens model.tar.gz. */
  model(): Promise<Readable>;
  /** Opens sourcedir.tar.gz, once the model is unpacked: a connection that waits for it would be closed meanwhile. */
  source(): Promise<Readable>;
  /** The script of the source that loads the model. */
  readonly entryPoint: string;
}

export interface ModelLayer extends LayerFile {
  /** Of model.tar.gz as it was read. */
  readonly modelSha256: string;
  /** Of sourcedir.tar.gz as it was read. */
  readonly sourceSha256: string;
  /** The source brings a requirements.txt, which the image's server installs when it starts. */
  readonly hasRequirements: boolean;
  /** The layer's bytes, from the beginning. */
  open(): AsyncIterable<Buffer>;
}

/** A function's temporary storage, up to 10 GB, holds the unpacked bytes and the layer. */
const LIMITS: ArchiveLimits = { maxEntryCount: 100_000, maxTotalBytes: 4 * 1024 ** 3 };

/**
 * Makes one image layer of a model and its code. The same files give the same bytes, whatever the archives' order and times.
 *
 * @param folder an empty folder for temporary files; the layer stays in it.
 * @throws UnsafeArchiveError for an archive that must not be unpacked.
 * @throws ModelMissingError when model.tar.gz holds no file.
 */
export const buildModelLayer = async (
  { model, source, entryPoint }: ModelArchives,
  layout: ModelLayout,
  folder: string,
  limits: ArchiveLimits = LIMITS,
): Promise<ModelLayer> => {
  const spool = await open(join(folder, 'files'), 'w+');
  const file = join(folder, 'layer.tar.gz');
  try {
    const tree = layerTree(spool, limits);
    const modelSha256 = await tree.addArchive(await model(), 'model.tar.gz', { root: layout.modelFolder, ownerId: 0 });
    if (tree.fileCount() === 0)
      throw new ModelMissingError('model.tar.gz holds no file: the training script left no model.');
    const code = { root: layout.codeFolder, ownerId: layout.codeOwnerId };
    const sourceSha256 = await tree.addArchive(await source(), 'sourcedir.tar.gz', code);
    if (!tree.has(posix.join(layout.codeFolder, entryPoint))) {
      throw new InvalidInputError(`sourcedir.tar.gz doesn't hold the entry point ${entryPoint} at its root.`);
    }
    const layer = await writeLayer(tree.entries(), spool, file);
    return {
      ...layer,
      modelSha256,
      sourceSha256,
      hasRequirements: tree.has(posix.join(layout.codeFolder, 'requirements.txt')),
      open: () => createReadStream(file, { highWaterMark: 256 * 1024 }),
    };
  } finally {
    await spool.close();
  }
};
