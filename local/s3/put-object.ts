import { ATTRIBUTE_HEADERS, attributesOf, encryptionHeaders } from './attributes.ts';
import { BODY_HEADERS, receiveBody } from './body.ts';
import { existingBucket } from './buckets.ts';
import { checksumHeaders } from './checksum.ts';
import { commitObject } from './commit-object.ts';
import type { Operation } from './operation.ts';
import type { StoredObject } from './stored-object.ts';
import { nowInSeconds } from './stored-object.ts';

/** Streams the body into a data file, then makes it the object. */
export const putObject: Operation = {
  name: 'PutObject',
  method: 'PUT',
  target: 'object',
  headers: [...BODY_HEADERS, ...ATTRIBUTE_HEADERS],
  async answer(request, context) {
    existingBucket(context, request.bucket);
    const attributes = attributesOf(request);
    const received = await receiveBody(request, (bytes) => context.files.write(bytes));
    const { result: file, sizeBytes, md5, checksum } = received;
    const etag = md5.toString('hex');
    const object: StoredObject = { ...attributes, file, sizeBytes, etag, checksum, modifiedMs: nowInSeconds() };
    await commitObject(request, context, { object, reason: 'PutObject' });
    return {
      headers: { etag: `"${etag}"`, ...encryptionHeaders(object.headers), ...checksumHeaders(checksum) },
    };
  },
};
