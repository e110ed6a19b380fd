import type { Readable } from 'node:stream';

/** Objects by `s3://bucket/key` URI. */
export interface ObjectStore {
  /** The object's text and its ETag. For small objects: records, manifests, plans. Throws ObjectMissingError. */
  getText(uri: string): Promise<{ readonly text: string; readonly etag: string }>;
  /** The object's bytes as a stream, of that version only with `ifMatch`. Throws ObjectMissingError, ObjectChangedError. */
  getStream(uri: string, options?: { readonly ifMatch?: string }): Promise<Readable>;
  /** What is known about an object without reading it. Throws ObjectMissingError. */
  stat(uri: string): Promise<ObjectStat>;
  /**
   * Writes a small object whole. `ifNoneMatch: '*'` creates only; `ifMatch` replaces only that version.
   * Throws ObjectChangedError when the condition doesn't hold.
   */
  put(uri: string, body: string | Uint8Array, options?: PutOptions): Promise<{ readonly etag: string }>;
  /**
   * Uploads a stream of any length in parts, holding a few parts in memory; nothing is visible before its end.
   * For copies of the warehouse's data, unless `isKept`: they are marked as staged, and the bucket may delete them after some days.
   */
  putStream(
    uri: string,
    body: Readable,
    options?: { readonly contentType?: string; readonly isKept?: boolean },
  ): Promise<void>;
  /**
   * Every object whose URI starts with `prefixUri`, in key order, from the first URI after `afterUri` on. End the prefix
   * with `/` to mean a folder.
   */
  list(prefixUri: string, options?: { readonly afterUri?: string }): AsyncIterable<ObjectSummary>;
  /** Deletes one object; it is no error when there is none. */
  delete(uri: string): Promise<void>;
}

export interface PutOptions {
  readonly contentType?: string;
  readonly ifNoneMatch?: '*';
  readonly ifMatch?: string;
}

export interface ObjectStat {
  readonly etag: string;
  /** Absent where the bucket keeps no versions. */
  readonly versionId?: string;
}

export interface ObjectSummary {
  readonly uri: string;
  readonly sizeBytes: number;
  readonly lastModified: Date;
  /** Changes with the object's content. */
  readonly etag: string;
}

/** Splits `s3://bucket/key`. Throws a TypeError for anything else: such a URI is a bug, not input. */
export const parseObjectUri = (uri: string): { readonly bucket: string; readonly key: string } => {
  const match = /^s3:\/\/([^/]+)\/(.*)$/s.exec(uri);
  if (!match) throw new TypeError(`Not an object URI: ${uri}`);
  return { bucket: match[1]!, key: match[2]! };
};
