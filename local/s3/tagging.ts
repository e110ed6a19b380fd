import { decode } from './decode.ts';
import { S3Error } from './s3-error.ts';
import type { Tags } from './stored-object.ts';

/**
 * Reads an `x-amz-tagging` header, which has the form of a query string.
 *
 * @throws S3Error InvalidTag
 */
export const parseTagging = (header: string | undefined): Tags =>
  asTags(
    (header ?? '')
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair) => {
        const [name = '', ...value] = pair.replaceAll('+', ' ').split('=');
        return [decode(name), decode(value.join('='))];
      }),
  );

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
const MAX_TAGS = 10;
const MAX_TAG_KEY_LENGTH = 128;
const MAX_TAG_VALUE_LENGTH = 256;

/** @throws S3Error InvalidTag */
export const asTags = (pairs: readonly (readonly string[])[]): Tags => {
  const tags = new Map<string, string>();
  if (pairs.length > MAX_TAGS) throw new S3Error('InvalidTag', { message: 'Object tags cannot be greater than 10' });
  for (const [name = '', value = ''] of pairs) {
    if (name === '' || name.length > MAX_TAG_KEY_LENGTH) {
      throw new S3Error('InvalidTag', { message: 'The TagKey you have provided is invalid' });
    }
    if (value.length > MAX_TAG_VALUE_LENGTH) {
      throw new S3Error('InvalidTag', { message: 'The TagValue you have provided is invalid' });
    }
    if (tags.has(name)) throw new S3Error('InvalidTag', { message: 'Cannot provide multiple Tags with the same key' });
    tags.set(name, value);
  }
  return Object.fromEntries(tags);
};
