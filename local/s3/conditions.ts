import { S3Error } from './s3-error.ts';
import type { StoredObject } from './stored-object.ts';

type Headers = Readonly<Record<string, string | undefined>>;

/**
 * `If-Match` and `If-Unmodified-Since` of a read; the first outweighs the second (RFC 9110 section 13.2.2).
 *
 * @throws S3Error PreconditionFailed.
 */
export const checkRead = (headers: Headers, object: StoredObject): void => {
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, object)) throw failed('If-Match');
  } else if (object.modifiedMs > Date.parse(headers['if-unmodified-since'] ?? '')) {
    throw failed('If-Unmodified-Since');
  }
};

/** `If-None-Match` and `If-Modified-Since` of a read: whether the client has this object already. */
export const isUnchanged = (headers: Headers, object: StoredObject): boolean => {
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, object);
  return object.modifiedMs <= Date.parse(headers['if-modified-since'] ?? '');
};

/**
 * The same four conditions on the source of a copy.
 *
 * @throws S3Error PreconditionFailed.
 */
export const checkCopySource = (headers: Headers, source: StoredObject): void => {
  const prefix = 'x-amz-copy-source-';
  const conditions = Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith(`${prefix}if-`))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
  checkRead(conditions, source);
  if (isUnchanged(conditions, source)) throw failed('If-None-Match');
};

/**
 * The conditions of a write, to be checked in the same synchronous step as the write itself.
 *
 * @param refuseMissing throws, when `If-Match` meets no object.
 * @throws S3Error PreconditionFailed; NotImplemented.
 */
export const checkWrite = (headers: Headers, current: StoredObject | undefined, refuseMissing: () => never): void => {
  const ifMatch = headers['if-match'];
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== '*') {
    throw new S3Error('NotImplemented', {
      message: 'If-None-Match of a write takes only *, which means: create, never replace.',
      details: { Header: 'If-None-Match' },
    });
  }
  if (ifNoneMatch !== undefined && current) throw failed('If-None-Match');
  if (ifMatch !== undefined && !matches(ifMatch, current ?? refuseMissing())) throw failed('If-Match');
};

const matches = (header: string, object: StoredObject): boolean =>
  header.split(',').some((tag) => {
    const value = tag.trim().replace(/^W\//, '').replaceAll('"', '');
    return value === '*' || value === object.etag;
  });

const failed = (condition: string): S3Error => new S3Error('PreconditionFailed', { details: { Condition: condition } });
