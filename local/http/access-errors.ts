import { AccessDenied, SignatureError, type SignatureErrorKind } from '#local/iam/errors.ts';

/** A refusal of IAM as AWS's JSON protocols tell it: with status 400 by JSON 1.0 and 1.1, with 403 by REST. */
export interface AccessError {
  /** For `__type` and the header `x-amzn-errortype`. */
  readonly code: string;
  /** The error's JSON. A denial has its text in `Message`, everything else in `message`. */
  readonly members: Readonly<Record<string, string>>;
}

/** Undefined for an error that IAM didn't throw. */
export const accessErrorOf = (error: unknown): AccessError | undefined => {
  if (error instanceof AccessDenied) return { code: 'AccessDeniedException', members: { Message: error.message } };
  if (error instanceof SignatureError) return { code: CODES[error.kind], members: { message: error.message } };
  return undefined;
};

const CODES: Readonly<Record<SignatureErrorKind, string>> = {
  missing: 'MissingAuthenticationTokenException',
  malformed: 'IncompleteSignatureException',
  'unknown-key': 'UnrecognizedClientException',
  token: 'UnrecognizedClientException',
  unsupported: 'InvalidSignatureException',
  scope: 'InvalidSignatureException',
  clock: 'InvalidSignatureException',
  'expired-url': 'InvalidSignatureException',
  'unsigned-headers': 'InvalidSignatureException',
  signature: 'InvalidSignatureException',
  payload: 'InvalidSignatureException',
};
