import { BODY_HEADERS, receiveText } from './body.ts';
import { existingObject } from './object-reads.ts';
import type { Operation } from './operation.ts';
import { Questions } from './permissions/questions.ts';
import { taggingChecks } from './permissions/writes.ts';
import { S3Error } from './s3-error.ts';
import type { Tags } from './stored-object.ts';
import { asTags } from './tagging.ts';
import { childrenNamed, childText, parseXml, xmlDocument } from './xml.ts';

/** PutObjectTagging, GetObjectTagging and DeleteObjectTagging: tags change, the object and its date don't. */
export const TAG_OPERATIONS: readonly Operation[] = [
  {
    name: 'PutObjectTagging',
    method: 'PUT',
    target: 'object',
    select: ['tagging'],
    headers: BODY_HEADERS,
    async answer(request, context) {
      const { bucket, key, caller } = request;
      const tags = tagsOf(await receiveText(request));
      caller.authorize(...taggingChecks(new Questions(request, context), tags));
      context.objects.put(bucket, key, { ...existingObject(request, context), tags });
      return {};
    },
  },
  {
    name: 'GetObjectTagging',
    method: 'GET',
    target: 'object',
    select: ['tagging'],
    answer(request, context) {
      const { tags } = existingObject(request, context);
      const tagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      return { body: xmlDocument('Tagging', { TagSet: { Tag: tagSet } }) };
    },
  },
  {
    name: 'DeleteObjectTagging',
    method: 'DELETE',
    target: 'object',
    select: ['tagging'],
    answer(request, context) {
      context.objects.put(request.bucket, request.key, { ...existingObject(request, context), tags: {} });
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
