import type { Principal } from './iam.ts';

export type SignatureErrorKind =
  /** Nothing in the request says who sent it. */
  | 'missing'
  /** The Authorization header or the parameters of a presigned URL can't be read; or both are there. */
  | 'malformed'
  /** Another way to sign than AWS4-HMAC-SHA256, or a kind of body that the service doesn't take. */
  | 'unsupported'
  /** Signed for another region, service or day. */
  | 'scope'
  | 'unknown-key'
  /** A session's token that doesn't belong to the key, or wasn't made here. */
  | 'token'
  /** The request's clock is too far from the server's. */
  | 'clock'
  /** A presigned URL after its end or before its beginning. */
  | 'expired-url'
  /** Headers that must be signed aren't. */
  | 'unsigned-headers'
  | 'signature'
  /** The body isn't the one that was signed, or nothing says which body was. */
  | 'payload';

/**
 * A request that can't be authenticated. The message has the service's own words (S3's, or those that the others share);
 * `details` has what AWS prints beside it, by the names of S3's XML elements. The code depends on the protocol.
 */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  readonly kind: SignatureErrorKind;
  readonly details: Readonly<Record<string, string>>;
  /** The signature came in the query; S3 names some errors differently then. */
  readonly presigned: boolean;

  constructor(
    kind: SignatureErrorKind,
    message: string,
    { details = {}, presigned = false }: { details?: Readonly<Record<string, string>>; presigned?: boolean } = {},
  ) {
    super(message);
    this.kind = kind;
    this.details = details;
    this.presigned = presigned;
  }
}

export interface Denial {
  readonly principal: Principal;
  readonly action: string;
  readonly resource: string;
  /** AWS's clause: `because no identity-based policy allows the … action`, or `with an explicit deny in …`. */
  readonly reason: string;
}

/** An authenticated request that no policy allows, or that one denies. The message is AWS's, S3's quotes included. */
export class AccessDenied extends Error {
  override readonly name = 'AccessDenied';
  readonly principal: Principal;
  readonly action: string;
  readonly resource: string;
  readonly reason: string;

  constructor({ principal, action, resource, reason }: Denial) {
    const shown = action.startsWith('s3:') ? `"${resource}"` : resource;
    super(`User: ${nameOf(principal)} is not authorized to perform: ${action} on resource: ${shown} ${reason}`);
    this.principal = principal;
    this.action = action;
    this.resource = resource;
    this.reason = reason;
  }
}

const nameOf = (principal: Principal): string => (principal.type === 'service' ? principal.service : principal.arn);
