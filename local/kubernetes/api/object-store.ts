import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { resourceOfKind } from './resources.ts';
import { changedSince } from './status-error.ts';
import type { StoredObject } from './stored-object.ts';

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: StoredObject;
}

/**
 * What etcd is to Kubernetes: all objects by kind, namespace and name, each write with a version of its own. What it hands
 * out is frozen.
 */
export interface ObjectStore {
  readonly version: () => number;
  get(kind: string, namespace: string | undefined, name: string): StoredObject | undefined;
  /** In the order of namespace and name. */
  list(kind: string, namespace?: string): StoredObject[];
  /**
   * Stores an object, new or changed; one that is as it was keeps its version. `generation` counts changes beside metadata
   * and status. Throws 409 when `metadata.resourceVersion` is given and no longer the stored one.
   */
  put(object: Unstored): StoredObject;
  delete(object: StoredObject): void;
  /** Calls back after each change until the returned function is called. */
  subscribe(onEvent: (event: WatchEvent) => void): () => void;
  /** The changes after a version, or undefined when they are no longer known. */
  since(version: number): WatchEvent[] | undefined;
  /** Waits until everything is on disk. */
  flush(): Promise<void>;
}

export type Unstored = Record<string, unknown> & {
  readonly kind: string;
  readonly metadata: Partial<StoredObject['metadata']> & { readonly name: string };
};

/** Changes that a watch may have missed and can still be told. */
const MAX_HISTORY = 2_000;

export const openObjectStore = (dataDir: string, now: () => Date): ObjectStore => {
  const kinds = new Map<string, Map<string, StoredObject>>();
  const history: { version: number; event: WatchEvent }[] = [];
  const subscribers = new Set<(event: WatchEvent) => void>();
  const file = snapshotFile(dataDir);
  let version = 1;
  const ofKind = (kind: string): Map<string, StoredObject> => {
    const objects = kinds.get(kind) ?? new Map<string, StoredObject>();
    kinds.set(kind, objects);
    return objects;
  };
  for (const object of file.read()) {
    ofKind(object.kind).set(keyOf(object), deepFreeze(object));
    version = Math.max(version, Number(object.metadata.resourceVersion));
  }
  let firstKnown = version;

  const announce = (event: WatchEvent): void => {
    history.push({ version, event });
    if (history.length > MAX_HISTORY) firstKnown = history.shift()!.version;
    file.save(() => [...kinds.values()].flatMap((objects) => [...objects.values()]));
    for (const subscriber of subscribers) subscriber(event);
  };

  return {
    version: () => version,
    get: (kind, namespace, name) => ofKind(kind).get(key(namespace, name)),
    list: (kind, namespace) =>
      [...ofKind(kind).values()]
        .filter(({ metadata }) => !namespace || metadata.namespace === namespace)
        .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
    put(object) {
      const current = ofKind(object.kind).get(keyOf(object));
      const { resourceVersion } = object.metadata;
      if (resourceVersion && resourceVersion !== current?.metadata.resourceVersion) {
        throw changedSince(resourceOfKind(object.kind), object.metadata.name);
      }
      const next = structuredClone(object) as StoredObject;
      next.metadata.uid = current?.metadata.uid ?? randomUUID();
      next.metadata.creationTimestamp = current?.metadata.creationTimestamp ?? timestamp(now());
      next.metadata.resourceVersion = current?.metadata.resourceVersion ?? '';
      if (current && isDeepStrictEqual(withoutGeneration(current), withoutGeneration(next))) return current;
      const isSame = current && isDeepStrictEqual(desired(current), desired(next));
      if (resourceOfKind(next.kind).hasGeneration) {
        next.metadata.generation = (current?.metadata.generation ?? 0) + (isSame ? 0 : 1);
      }
      version += 1;
      next.metadata.resourceVersion = String(version);
      ofKind(next.kind).set(keyOf(next), deepFreeze(next));
      announce({ type: current ? 'MODIFIED' : 'ADDED', object: next });
      return next;
    },
    delete(object) {
      if (!ofKind(object.kind).delete(keyOf(object))) return;
      version += 1;
      const metadata = { ...object.metadata, resourceVersion: String(version) };
      announce({ type: 'DELETED', object: { ...object, metadata } });
    },
    subscribe(onEvent) {
      subscribers.add(onEvent);
      return () => subscribers.delete(onEvent);
    },
    since: (from) =>
      from < firstKnown ? undefined : history.filter((each) => each.version > from).map(({ event }) => event),
    flush: file.flush,
  };
};

/** What is stored is handed out as it is, so nobody may change it. */
const deepFreeze = <T extends object>(value: T): T => {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) deepFreeze(member);
  return Object.freeze(value);
};

/** Kubernetes' timestamps have whole seconds. */
export const timestamp = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;

const key = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`;

const keyOf = ({ metadata }: Unstored): string => key(metadata.namespace, metadata.name);

const withoutGeneration = ({ metadata: { generation: _, ...metadata }, ...rest }: StoredObject) => ({
  ...rest,
  metadata,
});

const desired = ({ metadata: _, status: __, ...rest }: StoredObject) => rest;

/** All objects in one file, written again, one write at a time, after something changed. */
const snapshotFile = (dataDir: string) => {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, 'objects.json');
  let writing = Promise.resolve();
  let latest: (() => StoredObject[]) | undefined;
  const write = async (): Promise<void> => {
    const take = latest;
    latest = undefined;
    if (!take) return;
    // Secrets are among the objects.
    await writeFile(`${path}.new`, JSON.stringify(take()), { mode: 0o600 });
    await rename(`${path}.new`, path);
  };
  return {
    read: (): StoredObject[] => {
      try {
        return JSON.parse(readFileSync(path, 'utf8')) as StoredObject[];
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw error;
      }
    },
    save(take: () => StoredObject[]) {
      const isScheduled = latest !== undefined;
      latest = take;
      if (!isScheduled) writing = writing.then(write);
    },
    flush: () => writing,
  };
};
