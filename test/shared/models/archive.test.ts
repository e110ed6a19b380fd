import { beforeEach, describe, expect, it } from 'vitest';
import { assertUnchanged, isUnchanged, sealArchive } from '#shared/models/archive.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';

const URI = 's3://store/training-output/flights/run-1/job-1/output/model.tar.gz';

let objectStore: ReturnType<typeof inMemoryObjectStore>;
beforeEach(async () => {
  objectStore = inMemoryObjectStore();
  await objectStore.put(URI, 'a model');
});

/** A bucket that keeps versions; `reads` counts how often an object was read. */
const versioned = (version: { id: string }) => {
  let reads = 0;
  const store: ObjectStore = {
    ...objectStore,
    stat: async (uri) => ({ ...(await objectStore.stat(uri)), versionId: version.id }),
    getStream(uri, options) {
      reads += 1;
      return objectStore.getStream(uri, options);
    },
  };
  return { store, reads: () => reads };
};

describe('an archive', () => {
  it('is unchanged while it holds the same bytes', async () => {
    const archive = await sealArchive(objectStore, URI);
    await objectStore.put(URI, 'a model');

    expect(await isUnchanged(objectStore, URI, archive)).toBe(true);
  });

  it('is changed when others were put in its place, and the error says which were judged', async () => {
    const archive = await sealArchive(objectStore, URI);
    await objectStore.put(URI, 'a mode1');

    await expect(assertUnchanged(objectStore, URI, archive)).rejects.toMatchObject({
      name: 'ModelChangedError',
      message: expect.stringContaining(archive.sha256),
    });
  });

  it('is changed when it is gone', async () => {
    const archive = await sealArchive(objectStore, URI);
    await objectStore.delete(URI);

    expect(await isUnchanged(objectStore, URI, archive)).toBe(false);
  });

  it('can’t be sealed while somebody overwrites it', async () => {
    const racing: ObjectStore = {
      ...objectStore,
      async getStream(uri, options) {
        await objectStore.put(uri, 'another model');
        return objectStore.getStream(uri, options);
      },
    };

    await expect(sealArchive(racing, URI)).rejects.toMatchObject({ name: 'ModelChangedError' });
  });

  it('isn’t read again where its version says that it is the same', async () => {
    const version = { id: 'v1' };
    const { store, reads } = versioned(version);
    const archive = await sealArchive(store, URI);

    expect(await isUnchanged(store, URI, archive)).toBe(true);
    expect(reads()).toBe(1);
  });

  it('is read again when it has another version', async () => {
    const version = { id: 'v1' };
    const { store } = versioned(version);
    const archive = await sealArchive(store, URI);
    version.id = 'v2';

    expect(await isUnchanged(store, URI, archive)).toBe(true);

    await objectStore.put(URI, 'another model');
    expect(await isUnchanged(store, URI, archive)).toBe(false);
  });
});
