import type { z } from 'zod';
import { ObjectChangedError, ObjectMissingError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';

/** What is known under some inputs; undefined when nothing is, or nothing that this version understands. */
export const readEntry = async <T>(
  objectStore: ObjectStore,
  uri: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> => (await read(objectStore, uri, schema))?.entry;

/**
 * Makes an entry the one to be found under its inputs. The newest counts, so that a result that was wanted anew stays in
 * use; of two that are written at the same moment either does, since they are results of the same inputs.
 */
export const writeEntry = async <T>(
  objectStore: ObjectStore,
  uri: string,
  schema: z.ZodType<T>,
  entry: T,
): Promise<void> => {
  const current = await read(objectStore, uri, schema);
  try {
    await objectStore.put(uri, `${JSON.stringify(entry, null, 2)}\n`, {
      contentType: 'application/json',
      ...(current ? { ifMatch: current.etag } : { ifNoneMatch: '*' }),
    });
  } catch (error) {
    if (!(error instanceof ObjectChangedError)) throw error;
  }
};

const read = async <T>(objectStore: ObjectStore, uri: string, schema: z.ZodType<T>) => {
  try {
    const { text, etag } = await objectStore.getText(uri);
    return { entry: schema.safeParse(parseJson(text)).data, etag };
  } catch (error) {
    if (error instanceof ObjectMissingError) return undefined;
    throw error;
  }
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
