import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { ModelMissingError } from '#shared/errors.ts';

/** An archive that begins with so many members of which none is a file is no model; reading on would serve nobody. */
const MAX_MEMBERS = 10_000;

/**
 * Reads a model.tar.gz until its first file; what follows is not read. Nothing is unpacked.
 *
 * @throws ModelMissingError when there is no file in it, or when it isn't a gzipped tar.
 */
export const assertHoldsFile = async (archive: Readable, uri: string): Promise<void> => {
  const members = extract();
  const reading = pipeline(archive, createGunzip(), members).catch((error: Error) => members.destroy(error));
  let count = 0;
  try {
    for await (const member of members) {
      count += 1;
      if (member.header.type === 'file') return;
      if (count === MAX_MEMBERS) throw new Error(`its first ${MAX_MEMBERS} members are no files`);
      member.resume();
    }
  } catch (error) {
    throw new ModelMissingError(`${uri} can't be read as a model's gzipped tar: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    archive.destroy();
    members.destroy();
    await reading;
  }
  throw new ModelMissingError(
    `The training script ended well and left no file in SM_MODEL_DIR: ${uri} is empty. Save the model there, for example joblib.dump(model, os.path.join(os.environ["SM_MODEL_DIR"], "model.joblib")).`,
  );
};
