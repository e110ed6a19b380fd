import { AccessDenied, SignatureError, type SignatureErrorKind } from '#local/iam/errors.ts';
import { S3Error, type S3ErrorCode } from './s3-error.ts';

/** What IAM refuses, by S3's own codes; another error is left as it is. */
export const asAccessError = (error: unknown): unknown => {
  if (error instanceof AccessDenied) return new S3Error('AccessDenied', { message: error.message, cause: error });
  if (!(error instanceof SignatureError)) return error;
  const { kind, presigned, message, details } = error;
  return new S3Error((presigned && IN_QUERY[kind]) || CODES[kind], { message, details, cause: error });
};

const CODES: Readonly<Record<SignatureErrorKind, S3ErrorCode>> = {
  missing: 'AccessDenied',
  malformed: 'AuthorizationHeaderMalformed',
  unsupported: 'InvalidRequest',
  scope: 'AuthorizationHeaderMalformed',
  'unknown-key': 'InvalidAccessKeyId',
  token: 'InvalidToken',
  clock: 'RequestTimeTooSkewed',
  'expired-url': 'AccessDenied',
  'unsigned-headers': 'AccessDenied',
  signature: 'SignatureDoesNotMatch',
  payload: 'InvalidRequest',
};

const IN_QUERY: Partial<Record<SignatureErrorKind, S3ErrorCode>> = {
  malformed: 'AuthorizationQueryParametersError',
  scope: 'AuthorizationQueryParametersError',
};
