import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ObjectChangedError, ObjectMissingError } from '#shared/errors.ts';
import { type ObjectStore, parseObjectUri } from '#shared/object-store/object-store.ts';

/** An object store in a Map, by URI; `objects` may be read and written by tests. */
export const inMemoryObjectStore = (): ObjectStore & { readonly objects: Map<string, string> } => {
  const objects = new Map<string, Buffer>();
  const times = new Map<string, Date>();
  const get = (uri: string): Buffer => {
    const body = objects.get(uri);
    if (!body) throw new ObjectMissingError(`${uri} doesn't exist.`);
    return body;
  };
  return {
    objects: textView(objects),
    async getText(uri) {
      return { text: get(uri).toString('utf8'), etag: etagOf(get(uri)) };
    },
    async getStream(uri, { ifMatch } = {}) {
      const body = get(uri);
      if (ifMatch && etagOf(body) !== ifMatch) throw new ObjectChangedError(`${uri} was written in the meantime.`);
      return Readable.from([body]);
    },
    async stat(uri) {
      return { etag: etagOf(get(uri)) };
    },
    async put(uri, body, { ifNoneMatch, ifMatch } = {}) {
      parseObjectUri(uri);
      const current = objects.get(uri);
      if ((ifNoneMatch && current) || (ifMatch && (!current || etagOf(current) !== ifMatch))) {
        throw new ObjectChangedError(`${uri} was written by somebody else in the meantime.`);
      }
      objects.set(uri, Buffer.from(body));
      times.set(uri, new Date());
      return { etag: etagOf(Buffer.from(body)) };
    },
    async putStream(uri, body) {
      parseObjectUri(uri);
      objects.set(uri, await buffer(body));
      times.set(uri, new Date());
    },
    async *list(prefixUri, { afterUri = '' } = {}) {
      for (const uri of [...objects.keys()].filter((key) => key.startsWith(prefixUri) && key > afterUri).sort()) {
        const body = objects.get(uri)!;
        yield { uri, sizeBytes: body.length, lastModified: times.get(uri) ?? new Date(0), etag: etagOf(body) };
      }
    },
    async delete(uri) {
      objects.delete(uri);
    },
  };
};

const etagOf = (body: Buffer): string => `"${createHash('md5').update(body).digest('hex')}"`;

/** Shows the stored bytes as text, so that a test can compare and plant objects as strings. */
const textView = (objects: Map<string, Buffer>): Map<string, string> =>
  ({
    get: (uri: string) => objects.get(uri)?.toString('utf8'),
    set: (uri: string, text: string) => objects.set(uri, Buffer.from(text)),
    has: (uri: string) => objects.has(uri),
    delete: (uri: string) => objects.delete(uri),
    keys: () => objects.keys(),
    get size() {
      return objects.size;
    },
  }) as unknown as Map<string, string>;
