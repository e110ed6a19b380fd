import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { partFormat } from '#shared/dataset/part-format.ts';
import { partWriter } from '#shared/dataset/part-writer.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';

const CSV = partFormat({ type: 'csv', header: true }, [columnOfType('A', 'NVARCHAR(5000)')]);

const URI = 's3://store/part-00000.csv';

describe('partWriter', () => {
  it('writes one object and tells its rows, bytes and hash', async () => {
    const objectStore = inMemoryObjectStore();
    const part = partWriter(objectStore, URI, CSV);
    const values = Array.from({ length: 100 }, (_, index) => `ä${'x'.repeat(5_000)}${index}`);

    for (const value of values) await part.write([[value]]);
    const written = await part.end();

    const text = `A\n${values.map((value) => `${value}\n`).join('')}`;
    expect(objectStore.objects.get(URI)).toBe(text);
    expect(written).toEqual({
      uri: URI,
      rowCount: 100,
      sizeBytes: Buffer.byteLength(text),
      sha256: createHash('sha256').update(text).digest('hex'),
    });
  });

  it('leaves no object when no row came, not even one of an earlier try', async () => {
    const objectStore = inMemoryObjectStore();
    objectStore.objects.set(URI, 'left over\n');
    const part = partWriter(objectStore, URI, CSV);

    const written = await part.end();

    expect(written).toBeUndefined();
    expect(objectStore.objects.has(URI)).toBe(false);
  });

  it('fails with the error of the upload while rows are still coming', async () => {
    const refused = new RangeError('AccessDenied');
    const objectStore: ObjectStore = {
      ...inMemoryObjectStore(),
      putStream: async (_uri, body) => {
        for await (const _ of body) throw refused;
      },
    };
    const part = partWriter(objectStore, URI, CSV);

    const writing = (async () => {
      for (;;) await part.write([['x'.repeat(300_000)]]);
    })();

    await expect(writing).rejects.toBe(refused);
    await part.abort(refused);
  });

  it('makes nothing visible when it is given up', async () => {
    const objectStore = inMemoryObjectStore();
    const part = partWriter(objectStore, URI, CSV);
    await part.write([['x'.repeat(300_000)]]);

    await part.abort(new Error('the connection was lost'));

    expect(objectStore.objects.has(URI)).toBe(false);
  });
});
