/** An error of S3's REST protocol: the code names it for the SDK, the details become elements of its XML. */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  readonly code: S3ErrorCode;
  readonly statusCode: number;
  readonly details: Readonly<Record<string, string>>;

  constructor(code: S3ErrorCode, { message, details = {}, cause }: S3ErrorOptions = {}) {
    super(message ?? ERRORS[code].message, { cause });
    this.code = code;
    this.statusCode = ERRORS[code].statusCode;
    this.details = details;
  }
}

interface S3ErrorOptions {
  /** Replaces the code's usual sentence. */
  readonly message?: string;
  readonly details?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

export type S3ErrorCode = keyof typeof ERRORS;

/** Codes and sentences of https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const ERRORS = {
  AccessControlListNotSupported: { statusCode: 400, message: 'The bucket does not allow ACLs' },
  AccessDenied: { statusCode: 403, message: 'Access Denied' },
  AuthorizationHeaderMalformed: { statusCode: 400, message: 'The authorization header is malformed' },
  AuthorizationQueryParametersError: {
    statusCode: 400,
    message:
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
  },
  BadDigest: { statusCode: 400, message: 'The Content-MD5 you specified did not match what we received.' },
  BucketAlreadyOwnedByYou: {
    statusCode: 409,
    message: 'Your previous request to create the named bucket succeeded and you already own it.',
  },
  EntityTooLarge: { statusCode: 400, message: 'Your proposed upload exceeds the maximum allowed size' },
  EntityTooSmall: { statusCode: 400, message: 'Your proposed upload is smaller than the minimum allowed size' },
  IllegalLocationConstraintException: {
    statusCode: 400,
    message:
      'The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.',
  },
  IncompleteBody: {
    statusCode: 400,
    message: 'You did not provide the number of bytes specified by the Content-Length HTTP header',
  },
  InternalError: { statusCode: 500, message: 'We encountered an internal error. Please try again.' },
  InvalidAccessKeyId: {
    statusCode: 403,
    message: 'The AWS Access Key Id you provided does not exist in our records.',
  },
  InvalidArgument: { statusCode: 400, message: 'Invalid Argument' },
  InvalidBucketName: { statusCode: 400, message: 'The specified bucket is not valid.' },
  InvalidDigest: { statusCode: 400, message: 'The Content-MD5 you specified was invalid.' },
  InvalidPart: {
    statusCode: 400,
    message:
      "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
  },
  InvalidPartOrder: {
    statusCode: 400,
    message: 'The list of parts was not in ascending order. Parts must be ordered by part number.',
  },
  InvalidRange: { statusCode: 416, message: 'The requested range is not satisfiable' },
  InvalidRequest: { statusCode: 400, message: 'Invalid Request' },
  InvalidTag: { statusCode: 400, message: 'The tag provided was not a valid tag.' },
  InvalidToken: { statusCode: 400, message: 'The provided token is malformed or otherwise invalid.' },
  InvalidURI: { statusCode: 400, message: "Couldn't parse the specified URI." },
  KeyTooLongError: { statusCode: 400, message: 'Your key is too long' },
  MalformedTrailerError: { statusCode: 400, message: 'The request contained trailing data that was not well-formed.' },
  MalformedXML: {
    statusCode: 400,
    message: 'The XML you provided was not well-formed or did not validate against our published schema',
  },
  MetadataTooLarge: { statusCode: 400, message: 'Your metadata headers exceed the maximum allowed metadata size' },
  MethodNotAllowed: { statusCode: 405, message: 'The specified method is not allowed against this resource.' },
  MissingContentLength: { statusCode: 411, message: 'You must provide the Content-Length HTTP header.' },
  MissingRequestBodyError: { statusCode: 400, message: 'Request Body is empty' },
  NoSuchBucket: { statusCode: 404, message: 'The specified bucket does not exist' },
  NoSuchKey: { statusCode: 404, message: 'The specified key does not exist.' },
  NoSuchUpload: {
    statusCode: 404,
    message:
      'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
  },
  NotImplemented: {
    statusCode: 501,
    message: 'A header or query you provided implies functionality that is not implemented.',
  },
  PreconditionFailed: {
    statusCode: 412,
    message: 'At least one of the pre-conditions you specified did not hold',
  },
  RequestTimeTooSkewed: {
    statusCode: 403,
    message: 'The difference between the request time and the current time is too large.',
  },
  RequestTimeout: {
    statusCode: 400,
    message:
      'Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.',
  },
  SignatureDoesNotMatch: {
    statusCode: 403,
    message:
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  },
  XAmzContentSHA256Mismatch: {
    statusCode: 400,
    message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
  },
} as const;
