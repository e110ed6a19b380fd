import { BODY_HEADERS, receiveText } from './body.ts';
import { existingObject } from './object-reads.ts';
import type { Operation } from './operation.ts';
import { decode } from './request.ts';
import { S3Error } from './s3-error.ts';
import type { Tags } from './stored-object.ts';
import { childrenNamed, childText, parseXml, xmlDocument } from './xml.ts';

/** Reads an `x-amz-tagging` header, which has the form of a query string. */
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

/** PutObjectTagging, GetObjectTagging and DeleteObjectTagging: tags change, the object and its date don't. */
export const TAG_OPERATIONS: readonly Operation[] = [
  {
    name: 'PutObjectTagging',
    method: 'PUT',
    target: 'object',
    select: ['tagging'],
    headers: BODY_HEADERS,
    async answer(request, context) {
      const { bucket, key } = request;
      const tags = tagsOf(await receiveText(request));
      context.objects.put(bucket, key, { ...existingObject(context, bucket, key), tags });
      return {};
    },
  },
  {
    name: 'GetObjectTagging',
    method: 'GET',
    target: 'object',
    select: ['tagging'],
    answer({ bucket, key }, context) {
      const { tags } = existingObject(context, bucket, key);
      const tagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      return { body: xmlDocument('Tagging', { TagSet: { Tag: tagSet } }) };
    },
  },
  {
    name: 'DeleteObjectTagging',
    method: 'DELETE',
    target: 'object',
    select: ['tagging'],
    answer({ bucket, key }, context) {
      context.objects.put(bucket, key, { ...existingObject(context, bucket, key), tags: {} });
      return { statusCode: 204 };
    },
  },
];

const tagsOf = (document: string): Tags => {
  const [tagSet] = childrenNamed(parseXml(document, 'Tagging'), 'TagSet');
  if (!tagSet) throw new S3Error('MalformedXML');
  return asTags(
    childrenNamed(tagSet, 'Tag').map((tag) => {
      const name = childText(tag, 'Key');
      const value = childText(tag, 'Value');
      if (name === undefined || value === undefined) throw new S3Error('MalformedXML');
      return [name, value];
    }),
  );
};

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
const MAX_TAGS = 10;
const MAX_TAG_KEY_LENGTH = 128;
const MAX_TAG_VALUE_LENGTH = 256;

const asTags = (pairs: readonly (readonly string[])[]): Tags => {
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
