import type { DatabaseSync } from 'node:sqlite';
import type { Checksum, ChecksumAlgorithm, ChecksumType } from './checksum.ts';
import type { ObjectAttributes } from './stored-object.ts';
import { nowInSeconds } from './stored-object.ts';

/** Multipart uploads in progress and their parts. Every method is one synchronous step. */
export interface UploadIndex {
  create(upload: Omit<MultipartUpload, 'initiatedMs'>): void;
  get(uploadId: string): MultipartUpload | undefined;
  /** Uploads of a bucket whose key starts with `prefix`, by key, then by id, after the given one. */
  list(bucket: string, after: { key: string; uploadId: string }): Iterable<MultipartUpload>;
  part(uploadId: string, partNumber: number): Part | undefined;
  /** Parts in order of their numbers. */
  parts(uploadId: string): Part[];
  putPart(uploadId: string, part: Part): void;
  /** Removes the upload and its parts. */
  delete(uploadId: string): void;
  files(): Iterable<string>;
}

export interface MultipartUpload extends ObjectAttributes {
  readonly uploadId: string;
  readonly bucket: string;
  readonly key: string;
  readonly initiatedMs: number;
  readonly checksumAlgorithm: ChecksumAlgorithm | undefined;
  readonly checksumType: ChecksumType | undefined;
}

export interface Part {
  readonly partNumber: number;
  readonly file: string;
  readonly sizeBytes: number;
  /** MD5 in hex. */
  readonly etag: string;
  readonly modifiedMs: number;
  readonly checksum: Checksum | undefined;
}

export const uploadIndex = (database: DatabaseSync): UploadIndex => {
  const insertUpload = database.prepare('INSERT INTO uploads VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const selectUpload = database.prepare('SELECT * FROM uploads WHERE id = ?');
  const selectUploads = database.prepare(
    'SELECT * FROM uploads WHERE bucket = ? AND (key, id) > (?, ?) ORDER BY key, id',
  );
  const deleteUpload = database.prepare('DELETE FROM uploads WHERE id = ?');
  const selectPart = database.prepare('SELECT * FROM parts WHERE upload_id = ? AND part_number = ?');
  const selectParts = database.prepare('SELECT * FROM parts WHERE upload_id = ? ORDER BY part_number');
  const replacePart = database.prepare('INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?, ?)');
  const deleteParts = database.prepare('DELETE FROM parts WHERE upload_id = ?');
  const selectFiles = database.prepare('SELECT file FROM parts');
  return {
    create({ uploadId, bucket, key, headers, tags, checksumAlgorithm, checksumType }) {
      const json = [JSON.stringify(headers), JSON.stringify(tags)] as const;
      const checksum = [checksumAlgorithm ?? null, checksumType ?? null] as const;
      insertUpload.run(uploadId, bucket, Buffer.from(key), nowInSeconds(), ...json, ...checksum);
    },
    get(uploadId) {
      const row = selectUpload.get(uploadId);
      return row && asUpload(row as unknown as UploadRow);
    },
    *list(bucket, { key, uploadId }) {
      const rows = selectUploads.iterate(bucket, Buffer.from(key), uploadId) as Iterable<unknown>;
      for (const row of rows as Iterable<UploadRow>) yield asUpload(row);
    },
    part(uploadId, partNumber) {
      const row = selectPart.get(uploadId, partNumber);
      return row && asPart(row as unknown as PartRow);
    },
    parts: (uploadId) => selectParts.all(uploadId).map((row) => asPart(row as unknown as PartRow)),
    putPart(uploadId, { partNumber, file, sizeBytes, etag, modifiedMs, checksum }) {
      const json = checksum ? JSON.stringify(checksum) : null;
      replacePart.run(uploadId, partNumber, file, sizeBytes, etag, modifiedMs, json);
    },
    delete(uploadId) {
      deleteParts.run(uploadId);
      deleteUpload.run(uploadId);
    },
    *files() {
      for (const { file } of selectFiles.iterate()) yield file as string;
    },
  };
};

interface UploadRow {
  readonly id: string;
  readonly bucket: string;
  readonly key: Uint8Array;
  readonly initiated_ms: number;
  readonly headers: string;
  readonly tags: string;
  readonly checksum_algorithm: ChecksumAlgorithm | null;
  readonly checksum_type: ChecksumType | null;
}

interface PartRow {
  readonly part_number: number;
  readonly file: string;
  readonly size_bytes: number;
  readonly etag: string;
  readonly modified_ms: number;
  readonly checksum: string | null;
}

const asUpload = (row: UploadRow): MultipartUpload => ({
  uploadId: row.id,
  bucket: row.bucket,
  key: Buffer.from(row.key).toString('utf8'),
  initiatedMs: row.initiated_ms,
  headers: JSON.parse(row.headers),
  tags: JSON.parse(row.tags),
  checksumAlgorithm: row.checksum_algorithm ?? undefined,
  checksumType: row.checksum_type ?? undefined,
});

const asPart = (row: PartRow): Part => ({
  partNumber: row.part_number,
  file: row.file,
  sizeBytes: row.size_bytes,
  etag: row.etag,
  modifiedMs: row.modified_ms,
  checksum: row.checksum === null ? undefined : JSON.parse(row.checksum),
});
