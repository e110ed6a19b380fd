import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ModelChangedError, ObjectChangedError, ObjectMissingError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { uriIn } from '#shared/store/uri.ts';

const content = {
  /** Of the object's bytes. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** The bucket's version of the object; null where the bucket keeps none. A version never changes. */
  versionId: z.string().min(1).nullable(),
};

/** model.tar.gz, with what it held when it was judged: a path alone says nothing about its content. */
export const ModelArchive = z.strictObject({ uri: uriIn('training-output'), ...content });
export type ModelArchive = z.infer<typeof ModelArchive>;

/** sourcedir.tar.gz, with what it held when its run packed it. */
export const SourceArchive = z.strictObject({ uri: uriIn('source'), ...content });
export type SourceArchive = z.infer<typeof SourceArchive>;

type Archive = ModelArchive | SourceArchive;
type Content = Pick<Archive, 'sha256' | 'versionId'>;

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
 * Checks that both archives of a model still hold what was judged.
 *
 * @throws ModelChangedError when one doesn't, or when it is gone.
 */
export const assertModelUnchanged = async (
  objectStore: ObjectStore,
  { modelArchive, sourceArchive }: { readonly modelArchive: ModelArchive; readonly sourceArchive: SourceArchive },
): Promise<void> => {
  await assertUnchanged(objectStore, modelArchive.uri, modelArchive);
  await assertUnchanged(objectStore, sourceArchive.uri, sourceArchive);
};

/** @throws ModelChangedError when the archive doesn't hold `content`, or when it is gone. */
export const assertUnchanged = async (objectStore: ObjectStore, uri: string, content: Content): Promise<void> => {
  if (!(await isUnchanged(objectStore, uri, content))) throw changed({ uri, ...content });
};

/** Costs one HEAD request where the bucket keeps versions; else the archive is read. */
export const isUnchanged = async (
  objectStore: ObjectStore,
  uri: string,
  { sha256, versionId }: Content,
): Promise<boolean> => {
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
