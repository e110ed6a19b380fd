import { existingBucket } from './buckets.ts';
import { checkWrite } from './conditions.ts';
import { inTransaction } from './database.ts';
import { refuseMissingKey } from './missing-key.ts';
import type { S3Context } from './operation.ts';
import type { S3Request } from './request.ts';
import type { StoredObject } from './stored-object.ts';

/**
 * Puts an object whose data file is complete into the index and announces it. Condition and change are one synchronous
 * step: of several creators exactly one wins. The file is removed when the object is refused.
 *
 * @param alsoChange runs in the same step, between the check and the write.
 * @throws S3Error NoSuchBucket, PreconditionFailed.
 */
export const commitObject = async (
  request: S3Request,
  context: S3Context,
  { object, reason, alsoChange }: { object: StoredObject; reason: CreatedBy; alsoChange?: () => void },
): Promise<void> => {
  const { bucket, key, headers, id: requestId } = request;
  let replaced: StoredObject | undefined;
  try {
    replaced = inTransaction(context.database, () => {
      existingBucket(context, bucket);
      const current = context.objects.get(bucket, key);
      checkWrite(headers, current, () => refuseMissingKey(request, context, request));
      alsoChange?.();
      context.objects.put(bucket, key, object);
      return current;
    });
  } catch (error) {
    await context.files.remove([object.file]);
    throw error;
  }
  context.announce({ detailType: 'Object Created', reason, bucket, key, requestId, object });
  if (replaced) await context.files.remove([replaced.file]);
};

type CreatedBy = 'PutObject' | 'CopyObject' | 'CompleteMultipartUpload';
