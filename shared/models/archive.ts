import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ModelChangedError, ObjectChangedError, ObjectMissingError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';

/** An archive that a model consists of, with what it held when it was judged: a path alone says nothing about its content. */
export const Archive = z.strictObject({
  uri: z.string().startsWith('s3://'),
  /** Of the object's bytes. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** The bucket's version of the object; null where the bucket keeps none. A version never changes. */
  versionId: z.string().min(1).nullable(),
});
export type Archive = z.infer<typeof Archive>;

/**
 * Reads an archive whole and says what it holds.
 *
 * @throws ModelChangedError when it is overwritten meanwhile.
 */
export const sealArchive = async (objectStore: ObjectStore, uri: string): Promise<Archive> => {
  const { versionId = null, etag } = await objectStore.stat(uri);
  try {
    return { uri, sha256: await digestOf(objectStore, uri, etag), versionId };
  } catch (error) {
    if (!(error instanceof ObjectChangedError)) throw error;
    throw new ModelChangedError(`${uri} was overwritten while it was read. Train the model again.`, { cause: error });
  }
};

/**
 * Checks that an archive still holds what was judged. Costs one HEAD request where the bucket keeps versions, else the
 * archive is read.
 *
 * @throws ModelChangedError when it doesn't, or when it is gone.
 */
export const assertUnchanged = async (objectStore: ObjectStore, ...archives: readonly Archive[]): Promise<void> => {
  for (const archive of archives) {
    if (!(await isUnchanged(objectStore, archive))) throw changed(archive);
  }
};

export const isUnchanged = async (objectStore: ObjectStore, { uri, sha256, versionId }: Archive): Promise<boolean> => {
  try {
    const { versionId: current, etag } = await objectStore.stat(uri);
    if (versionId !== null && current === versionId) return true;
    return (await digestOf(objectStore, uri, etag)) === sha256;
  } catch (error) {
    if (error instanceof ObjectMissingError || error instanceof ObjectChangedError) return false;
    throw error;
  }
};

export const changed = ({ uri, sha256, versionId }: Archive): ModelChangedError =>
  new ModelChangedError(
    `${uri} isn't what was evaluated any more: it was overwritten or deleted since. Nothing was put into service. ` +
      `What was evaluated has the SHA-256 ${sha256}${versionId === null ? '' : ` and is the object's version ${versionId}`}. ` +
      'Find out who wrote there, then restore that version or train the model again (`fedml run <pipeline> --fresh`).',
  );

/** @throws ObjectChangedError when the object isn't the one with this ETag. */
const digestOf = async (objectStore: ObjectStore, uri: string, etag: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of await objectStore.getStream(uri, { ifMatch: etag })) hash.update(chunk as Buffer);
  return hash.digest('hex');
};
