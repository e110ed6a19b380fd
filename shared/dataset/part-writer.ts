import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { PartFormat } from '#shared/dataset/row-encoder.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import type { Row } from '#shared/warehouse/warehouse.ts';

/** Bytes that may wait for the upload before the writer does. */
const HIGH_WATER_MARK = 1024 * 1024;

export interface WrittenPart {
  readonly uri: string;
  readonly rowCount: number;
  readonly sizeBytes: number;
  /** Of the object's bytes, hexadecimal. */
  readonly sha256: string;
}

export interface PartWriter {
  /** Adds rows, and waits while the upload is behind. */
  write(rows: readonly Row[]): Promise<void>;
  /** Ends the object. Undefined when no row came: then there is no object, nor one left from an earlier try. */
  end(): Promise<WrittenPart | undefined>;
  /** Gives the upload up; nothing of it becomes visible. */
  abort(error: Error): Promise<void>;
}

/** Writes rows to one object as they come. The upload begins with the first bytes. */
export const partWriter = (objectStore: ObjectStore, uri: string, format: PartFormat): PartWriter => {
  const digest = createHash('sha256');
  const body = new PassThrough({ highWaterMark: HIGH_WATER_MARK });
  // Errors of the body are told by the upload, and by whoever aborts.
  body.on('error', () => undefined);
  const encoder = format.open();
  let upload: Promise<void> | undefined;
  let rowCount = 0;
  let sizeBytes = 0;

  const send = async (bytes: Uint8Array): Promise<void> => {
    upload ??= startUpload(objectStore, uri, body, format.contentType);
    sizeBytes += bytes.length;
    digest.update(bytes);
    if (!body.write(bytes)) await Promise.race([once(body, 'drain'), upload]);
  };

  return {
    async write(rows) {
      rowCount += rows.length;
      const bytes = encoder.add(rows);
      if (bytes) await send(bytes);
    },
    async end() {
      if (rowCount === 0) {
        await objectStore.delete(uri);
        return undefined;
      }
      await send(encoder.end());
      body.end();
      await upload;
      return { uri, rowCount, sizeBytes, sha256: digest.digest('hex') };
    },
    async abort(error) {
      body.destroy(error);
      await upload?.catch(() => undefined);
    },
  };
};

const startUpload = (objectStore: ObjectStore, uri: string, body: PassThrough, contentType: string): Promise<void> => {
  const upload = objectStore.putStream(uri, body, { contentType });
  // The writer hears of a failure when it waits for the upload, which may be later than Node puts up with.
  upload.catch((error: Error) => body.destroy(error));
  return upload;
};
