import type { S3Context } from './operation.ts';
import { Questions } from './permissions/questions.ts';
import { missingKeyCheck } from './permissions/reads.ts';
import type { ObjectName, S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';

/**
 * Only who may list a bucket learns that a key isn't there.
 *
 * @throws S3Error NoSuchKey; AccessDenied, naming `s3:ListBucket`.
 */
export const refuseMissingKey = (request: S3Request, context: S3Context, { bucket, key }: ObjectName): never => {
  request.caller.authorize(missingKeyCheck(new Questions(request, context), bucket));
  throw new S3Error('NoSuchKey', { details: { Key: key } });
};
