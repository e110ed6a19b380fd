import { asAccessError } from './access-errors.ts';
import { BODY_HEADERS, receiveText } from './body.ts';
import { existingBucket } from './buckets.ts';
import { checkWrite } from './conditions.ts';
import { refuseMissingKey } from './missing-key.ts';
import type { Operation, S3Context } from './operation.ts';
import { Questions } from './permissions/questions.ts';
import { deletionChecks } from './permissions/writes.ts';
import type { S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';
import type { XmlElement } from './xml.ts';
import { childrenNamed, childText, parseXml, xmlDocument } from './xml.ts';

/** Deletes what is there and announces it; a missing key is no error. */
const deleteObject = async (
  request: S3Request,
  context: S3Context,
  key: string,
  ifMatch: string | undefined,
): Promise<void> => {
  const { bucket, id: requestId } = request;
  const object = context.objects.get(bucket, key);
  checkWrite({ 'if-match': ifMatch }, object, () => refuseMissingKey(request, context, { bucket, key }));
  if (!object) return;
  context.objects.delete(bucket, key);
  context.announce({ detailType: 'Object Deleted', reason: 'DeleteObject', bucket, key, requestId });
  await context.files.remove([object.file]);
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const MAX_DELETED_KEYS = 1_000;

const deleteListed = async (entry: XmlElement, request: S3Request, context: S3Context): Promise<Deletion> => {
  const key = childText(entry, 'Key')!;
  try {
    const refused = entry.children.find(({ name }) => name !== 'Key' && name !== 'ETag');
    if (refused) throw new S3Error('NotImplemented', { message: `${refused.name} of a deletion is not implemented.` });
    const ifMatch = childText(entry, 'ETag');
    request.caller.authorize(...deletionChecks(new Questions(request, context), key, ifMatch));
    await deleteObject(request, context, key, ifMatch);
    return { key };
  } catch (cause) {
    const error = asAccessError(cause);
    if (!(error instanceof S3Error)) throw error;
    return { key, error };
  }
};

interface Deletion {
  readonly key: string;
  readonly error?: S3Error;
}

/** DeleteObject and DeleteObjects. */
export const DELETE_OPERATIONS: readonly Operation[] = [
  {
    name: 'DeleteObject',
    method: 'DELETE',
    target: 'object',
    async answer(request, context) {
      existingBucket(context, request.bucket);
      await deleteObject(request, context, request.key, request.headers['if-match']);
      return { statusCode: 204 };
    },
  },
  {
    name: 'DeleteObjects',
    method: 'POST',
    target: 'bucket',
    select: ['delete'],
    headers: BODY_HEADERS,
    async answer(request, context) {
      existingBucket(context, request.bucket);
      const document = parseXml(await receiveText(request), 'Delete');
      const entries = childrenNamed(document, 'Object');
      const haveKeys = entries.every((entry) => childText(entry, 'Key'));
      if (entries.length === 0 || entries.length > MAX_DELETED_KEYS || !haveKeys) throw new S3Error('MalformedXML');
      const quiet = childText(document, 'Quiet') === 'true';
      const deletions: Deletion[] = [];
      for (const entry of entries) deletions.push(await deleteListed(entry, request, context));
      return {
        body: xmlDocument('DeleteResult', {
          Deleted: deletions.filter(({ error }) => !error && !quiet).map(({ key }) => ({ Key: key })),
          Error: deletions.flatMap(({ key, error }) =>
            error ? { Key: key, Code: error.code, Message: error.message } : [],
          ),
        }),
      };
    },
  },
];
