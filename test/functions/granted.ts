import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ObjectForbiddenError, ObjectMissingError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { PLACES, type Place, uriPattern } from '#shared/store/layout.ts';

const ROOT = join(import.meta.dirname, '..', '..');

const { storeStatements } = createRequire(import.meta.url)('../../resources/plugins/store-grants.cjs') as {
  storeStatements(store: Record<string, string>): Statement[];
};

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: { readonly StringLike: { readonly 's3:prefix': readonly string[] } };
}

interface Entry {
  readonly store?: Record<string, string>;
  readonly permissions?: readonly { readonly Action?: string | readonly string[] }[];
}

/**
 * A step that may do with the objects of its ports what the role of its function allows, and is refused everything else with
 * S3's AccessDenied. `key` is the function's in functions.yml.
 */
export const granted =
  <A extends readonly unknown[], R>(key: string, step: (...given: A) => R) =>
  (...given: A): R =>
    step(...(given.map((each) => (hasObjectStore(each) ? limited(each, key) : each)) as unknown as A));

const hasObjectStore = (value: unknown): value is { readonly objectStore: ObjectStore } =>
  (value as { objectStore?: unknown } | undefined)?.objectStore !== undefined;

const limited = <P extends { readonly objectStore: ObjectStore }>(ports: P, key: string): P =>
  Object.assign(Object.create(Object.getPrototypeOf(ports)), ports, {
    objectStore: objectStoreOf(ports.objectStore, entryOf(key), key),
  });

const objectStoreOf = (store: ObjectStore, entry: Entry, key: string): ObjectStore => {
  const statements = storeStatements(entry.store ?? {});
  const mayList = (prefixUri?: string): boolean =>
    statements.some(
      ({ Action, Condition }) =>
        [Action].flat().includes('s3:ListBucket') &&
        (Condition === undefined ||
          Condition.StringLike['s3:prefix'].some((prefix) => prefixUri && prefix === `${placeOf(prefixUri)}/*`)),
    );
  const may = (action: string, uri: string): boolean => {
    const place = placeOf(uri);
    const resource = JSON.stringify({ 'Fn::Sub': `\${Bucket.Arn}/${place}/*` });
    if (isForeign(uri)) return permits(entry, action);
    return statements.some(
      ({ Action, Resource }) =>
        [Action].flat().includes(action) && [Resource].flat().some((each) => JSON.stringify(each) === resource),
    );
  };
  const demand = (uri: string, ...actions: readonly string[]): void => {
    const lacking = actions.filter((action) => !may(action, uri));
    if (lacking.length > 0) throw denied(key, lacking.join(), uri);
  };
  const read = async <T>(uri: string, get: () => Promise<T>): Promise<T> => {
    demand(uri, 's3:GetObject');
    try {
      return await get();
    } catch (error) {
      // S3 doesn't tell that an object is missing to those who may not list.
      throw error instanceof ObjectMissingError && !mayList() ? denied(key, 's3:ListBucket', uri) : error;
    }
  };
  return {
    getText: (uri) => read(uri, () => store.getText(uri)),
    getStream: (uri, options) => read(uri, () => store.getStream(uri, options)),
    stat: (uri) => read(uri, () => store.stat(uri)),
    async put(uri, body, options) {
      demand(uri, 's3:PutObject');
      return store.put(uri, body, options);
    },
    async putStream(uri, body, options) {
      demand(uri, 's3:PutObject', 's3:AbortMultipartUpload', ...(options?.isKept ? [] : ['s3:PutObjectTagging']));
      return store.putStream(uri, body, options);
    },
    async *list(prefixUri, options) {
      if (!mayList(prefixUri)) throw denied(key, 's3:ListBucket', prefixUri);
      yield* store.list(prefixUri, options);
    },
    async delete(uri) {
      demand(uri, 's3:DeleteObject');
      return store.delete(uri);
    },
  };
};

const placeOf = (uri: string): Place | undefined =>
  (Object.keys(PLACES) as Place[]).find((place) => uriPattern(place).test(`${uri}.`));

/** The default of the parameter `adoptionBucket`: a bucket of SageMaker's, for all of an account. */
const isForeign = (uri: string): boolean => uri.startsWith('s3://sagemaker-');

const permits = ({ permissions = [] }: Entry, action: string): boolean =>
  permissions.some(({ Action }) => Action !== undefined && [Action].flat().includes(action));

/** As the S3 adapter reports it to a step that reads; S3's own error for all else. */
const denied = (key: string, action: string, uri: string): Error => {
  const message = `User: ${key} is not authorized to perform: ${action} on resource: "${uri}"`;
  return action === 's3:GetObject'
    ? new ObjectForbiddenError(message)
    : Object.assign(new Error(message), { name: 'AccessDenied' });
};

const entryOf = (key: string): Entry => {
  const entry = entries()[key];
  if (!entry) throw new TypeError(`No functions.yml has a function ${key}.`);
  return entry;
};

let known: Record<string, Entry> | undefined;

const entries = (): Record<string, Entry> =>
  (known ??= Object.assign(
    {},
    ...globSync('functions/*/functions.yml', { cwd: ROOT }).map((file) =>
      parse(readFileSync(join(ROOT, file), 'utf8'), { logLevel: 'silent' }),
    ),
  ));
