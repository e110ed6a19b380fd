import type { DatabaseSync } from 'node:sqlite';
import type { Bucket, StoredObject } from './stored-object.ts';
import { nowInSeconds } from './stored-object.ts';

/** Buckets and objects. Every method is one synchronous statement. */
export interface ObjectIndex {
  bucket(name: string): Bucket | undefined;
  buckets(): Bucket[];
  /** Does nothing when the bucket exists. */
  createBucket(name: string): void;
  setEventBridge(bucket: string, enabled: boolean): void;
  get(bucket: string, key: string): StoredObject | undefined;
  put(bucket: string, key: string, object: StoredObject): void;
  delete(bucket: string, key: string): void;
  /** Objects from `fromKey` (inclusive) on, in UTF-8 binary order of their keys. One scan at a time. */
  scan(bucket: string, fromKey: Uint8Array): Iterable<ListedObject>;
  files(): Iterable<string>;
}

export interface ListedObject {
  readonly key: Buffer;
  readonly object: StoredObject;
}

export const objectIndex = (database: DatabaseSync): ObjectIndex => {
  const selectBucket = database.prepare('SELECT * FROM buckets WHERE name = ?');
  const selectBuckets = database.prepare('SELECT * FROM buckets ORDER BY name');
  const insertBucket = database.prepare('INSERT OR IGNORE INTO buckets (name, created_ms) VALUES (?, ?)');
  const updateEventBridge = database.prepare('UPDATE buckets SET event_bridge = ? WHERE name = ?');
  const selectObject = database.prepare('SELECT * FROM objects WHERE bucket = ? AND key = ?');
  const replaceObject = database.prepare('INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const deleteObject = database.prepare('DELETE FROM objects WHERE bucket = ? AND key = ?');
  const scanObjects = database.prepare('SELECT * FROM objects WHERE bucket = ? AND key >= ? ORDER BY key');
  const selectFiles = database.prepare('SELECT file FROM objects');
  return {
    bucket(name) {
      const row = selectBucket.get(name);
      return row && asBucket(row as unknown as BucketRow);
    },
    buckets: () => selectBuckets.all().map((row) => asBucket(row as unknown as BucketRow)),
    createBucket: (name) => void insertBucket.run(name, nowInSeconds()),
    setEventBridge: (bucket, enabled) => void updateEventBridge.run(Number(enabled), bucket),
    get(bucket, key) {
      const row = selectObject.get(bucket, Buffer.from(key));
      return row && asObject(row as unknown as ObjectRow);
    },
    put(bucket, key, { file, sizeBytes, etag, modifiedMs, headers, checksum, tags }) {
      const json = [JSON.stringify(headers), checksum ? JSON.stringify(checksum) : null, JSON.stringify(tags)] as const;
      replaceObject.run(bucket, Buffer.from(key), file, sizeBytes, etag, modifiedMs, ...json);
    },
    delete: (bucket, key) => void deleteObject.run(bucket, Buffer.from(key)),
    *scan(bucket, fromKey) {
      for (const row of scanObjects.iterate(bucket, fromKey) as Iterable<unknown> as Iterable<ObjectRow>) {
        const { buffer, byteOffset, byteLength } = row.key;
        yield { key: Buffer.from(buffer, byteOffset, byteLength), object: asObject(row) };
      }
    },
    *files() {
      for (const { file } of selectFiles.iterate()) yield file as string;
    },
  };
};

interface BucketRow {
  readonly name: string;
  readonly created_ms: number;
  readonly event_bridge: number;
}

interface ObjectRow {
  readonly key: Uint8Array<ArrayBuffer>;
  readonly file: string;
  readonly size_bytes: number;
  readonly etag: string;
  readonly modified_ms: number;
  readonly headers: string;
  readonly checksum: string | null;
  readonly tags: string;
}

const asBucket = (row: BucketRow): Bucket => ({
  name: row.name,
  createdMs: row.created_ms,
  eventBridgeEnabled: row.event_bridge === 1,
});

const asObject = (row: ObjectRow): StoredObject => ({
  file: row.file,
  sizeBytes: row.size_bytes,
  etag: row.etag,
  modifiedMs: row.modified_ms,
  headers: JSON.parse(row.headers),
  checksum: row.checksum === null ? undefined : JSON.parse(row.checksum),
  tags: JSON.parse(row.tags),
});
