import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { ObjectStore } from '#shared/object-store/object-store.ts';

/** Text is handed to the upload in pieces of about this size. */
const CHUNK_LENGTH = 256 * 1024;

export interface WrittenPart {
  readonly uri: string;
  readonly rowCount: number;
  readonly sizeBytes: number;
  /** Of the object's bytes, hexadecimal. */
  readonly sha256: string;
}

export interface PartWriter {
  /** Adds the text of some rows, and waits while the upload is behind. */
  write(text: string, rowCount: number): Promise<void>;
  /** Ends the object. Undefined when no row came: then there is no object, nor one left from an earlier try. */
  end(): Promise<WrittenPart | undefined>;
  /** Gives the upload up; nothing of it becomes visible. */
  abort(error: Error): Promise<void>;
}

/** Writes rows of text to one object as they come. The upload begins with the first row. */
export const partWriter = (objectStore: ObjectStore, uri: string, header = ''): PartWriter => {
  const digest = createHash('sha256');
  const body = new PassThrough({ highWaterMark: 4 * CHUNK_LENGTH });
  // Errors of the body are told by the upload, and by whoever aborts.
  body.on('error', () => undefined);
  let upload: Promise<void> | undefined;
  let pending = header;
  let rowCount = 0;
  let sizeBytes = 0;

  const flush = async (): Promise<void> => {
    upload ??= startUpload(objectStore, uri, body);
    const bytes = Buffer.from(pending);
    pending = '';
    sizeBytes += bytes.length;
    digest.update(bytes);
    if (!body.write(bytes)) await Promise.race([once(body, 'drain'), upload]);
  };

  return {
    async write(text, count) {
      pending += text;
      rowCount += count;
      if (pending.length >= CHUNK_LENGTH) await flush();
    },
    async end() {
      if (rowCount === 0) {
        await objectStore.delete(uri);
        return undefined;
      }
      await flush();
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

const startUpload = (objectStore: ObjectStore, uri: string, body: PassThrough): Promise<void> => {
  const upload = objectStore.putStream(uri, body, { contentType: 'text/csv' });
  // The writer hears of a failure when it waits for the upload, which may be later than Node puts up with.
  upload.catch((error: Error) => body.destroy(error));
  return upload;
};
