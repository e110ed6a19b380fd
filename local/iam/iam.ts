import type { IncomingMessage } from 'node:http';

/** What a program signs its requests with. */
export interface KeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Belongs to the keys of a role's session; sent as `X-Amz-Security-Token`. */
  readonly sessionToken?: string;
}

/** Who signed a request. */
export type Principal =
  /** The person at this computer, who administers the account. */
  | { readonly type: 'user'; readonly arn: string }
  /** A session of a role: `arn` is `arn:aws:sts::<account>:assumed-role/<role>/<session>`, `roleArn` has the role's path. */
  | { readonly type: 'role'; readonly arn: string; readonly roleArn: string }
  /** A service that acts by itself, such as a rule that invokes its target. Only resource policies can allow it something. */
  | { readonly type: 'service'; readonly service: string; readonly sourceArn: string };

/** One question that IAM answers. */
export interface Check {
  /** Such as `s3:PutObject`. */
  readonly action: string;
  /** An ARN; `*` for an action without resource types. A `*` inside an ARN is a plain character here. */
  readonly resource: string;
  /** Condition keys beside the global ones, such as `{ 'aws:RequestTag/fedml:store': 'bucket' }`. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

export interface Caller {
  readonly principal: Principal;
  /** @throws AccessDenied for the first check that isn't allowed, in AWS's words. */
  authorize(...checks: readonly Check[]): void;
  /** The same question where a refusal is an answer, such as S3's 404 or 403 for a missing key. */
  may(check: Check): boolean;
}

/** What a verified signature says about the body, which is still to be read. */
export type SignedPayload =
  /** The body must have this SHA-256, in hex. */
  | { readonly type: 'sha256'; readonly sha256: string }
  /** Nothing: `UNSIGNED-PAYLOAD` and presigned URLs. */
  | { readonly type: 'unsigned' }
  /** `aws-chunked`; nothing but the trailing checksum: `STREAMING-UNSIGNED-PAYLOAD-TRAILER`. */
  | { readonly type: 'unsigned-chunks' }
  /** `aws-chunked` with a chain of signatures: `STREAMING-AWS4-HMAC-SHA256-PAYLOAD[-TRAILER]`. */
  | { readonly type: 'signed-chunks'; readonly hasTrailer: boolean; readonly verifier: ChunkVerifier };

/** Verifies the chunks of one body, in their order, the empty last one too. @throws SignatureError */
export interface ChunkVerifier {
  verifyChunk(chunkSha256: string, signature: string): void;
  /** @param trailer `name:value\n` for each trailing header, without the signature. */
  verifyTrailer(trailer: string, signature: string): void;
}

/** Authenticates by SigV4 and authorizes by the policies that were deployed. Each stand-in asks it before it does anything. */
export interface Iam {
  /** The keys of the person who runs the local cloud. */
  readonly personKeys: KeyPair;
  /** Keys for a session of a role, for one process alone. The same session gets the same keys until this process ends. */
  sessionKeys(roleArn: string, sessionName: string): KeyPair;
  /** Keys for a service that acts by itself on behalf of a resource: `('events.amazonaws.com', <ARN of the rule>)`. */
  serviceKeys(service: string, sourceArn: string): KeyPair;
  /** Whoever signs with these keys: asks what they may do where a service acts for them without a request. */
  callerOf(keys: KeyPair): Caller;
  /**
   * Verifies a request whose whole body has been read.
   *
   * @param service the signing name, such as `states` or `sagemaker`.
   * @throws SignatureError naming what is wrong: missing, unknown key, wrong signature, clock, token, malformed header, body.
   */
  authenticate(request: IncomingMessage, service: string, body: Buffer): Caller;
  /** Verifies headers, or the query of a presigned URL, of a request whose body is still to be read. @throws SignatureError */
  authenticateHeaders(
    request: IncomingMessage,
    service: string,
  ): { readonly caller: Caller; readonly payload: SignedPayload };
  /**
   * Checks that a role's trust policy lets a service take the role, as AWS does after `iam:PassRole`.
   *
   * @throws AccessDenied
   */
  assertTrusts(roleArn: string, service: string, sourceArn: string): void;
  /** Replaces all roles and resource policies by those of a deployment. */
  deploy(policies: DeployedPolicies): void;
}

export interface PolicyDocument {
  readonly Version?: string;
  readonly Statement: readonly Readonly<Record<string, unknown>>[];
}

export interface DeployedPolicies {
  readonly roles: readonly {
    readonly arn: string;
    readonly trust: PolicyDocument;
    readonly policies: readonly { readonly name: string; readonly document: PolicyDocument }[];
  }[];
  /** By the ARN of a bucket, a queue, a function, a repository, a key or a secret. */
  readonly resourcePolicies: Readonly<Record<string, PolicyDocument>>;
}
