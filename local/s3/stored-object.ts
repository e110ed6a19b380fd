import type { Checksum } from './checksum.ts';

/** What the client sent along and gets back: content headers, `x-amz-meta-*`, encryption, storage class. */
export type ObjectHeaders = Readonly<Record<string, string>>;

export type Tags = Readonly<Record<string, string>>;

/** An object's row in the index, without its key. */
export interface StoredObject {
  /** Name of its data file. */
  readonly file: string;
  readonly sizeBytes: number;
  /** Without quotes; `<md5 of md5s>-<parts>` when it was uploaded in parts. */
  readonly etag: string;
  /** Whole seconds, as `Last-Modified` can't say more. */
  readonly modifiedMs: number;
  readonly headers: ObjectHeaders;
  readonly checksum: Checksum | undefined;
  readonly tags: Tags;
}

/** What of an object is known when its upload starts. */
export type ObjectAttributes = Pick<StoredObject, 'headers' | 'tags'>;

export interface Bucket {
  readonly name: string;
  readonly createdMs: number;
  readonly eventBridgeEnabled: boolean;
}

/** The time of now as S3 keeps it. */
export const nowInSeconds = (): number => Math.floor(Date.now() / 1000) * 1000;
