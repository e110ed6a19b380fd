import type { Check } from '#local/iam/iam.ts';
import type { Account } from '#local/stand-in.ts';
import type { ObjectIndex } from '../object-index.ts';
import type { ObjectName, S3Request } from '../request.ts';
import type { ObjectHeaders, Tags } from '../stored-object.ts';
import type { UploadIndex } from '../upload-index.ts';

/** What an authorization looks at. */
export interface Stored {
  readonly account: Account;
  readonly objects: Pick<ObjectIndex, 'get'>;
  readonly uploads: Pick<UploadIndex, 'get'>;
}

export type Conditions = Readonly<Record<string, string | readonly string[]>>;

/** Asks IAM about one request, with the condition keys that S3 fills in for every action. */
export class Questions {
  readonly request: S3Request;
  readonly stored: Stored;
  readonly #conditions: Conditions;

  constructor(request: S3Request, stored: Stored) {
    this.request = request;
    this.stored = stored;
    this.#conditions = requestConditions(request);
  }

  service(action: string): Check {
    return { action: `s3:${action}`, resource: '*', context: this.#conditions };
  }

  bucket(action: string, conditions: Conditions = {}, bucket = this.request.bucket): Check {
    return { action: `s3:${action}`, resource: bucketArn(bucket), context: { ...this.#conditions, ...conditions } };
  }

  object(action: string, conditions: Conditions = {}, name: ObjectName = this.request): Check {
    return { action: `s3:${action}`, resource: objectArn(name), context: { ...this.#conditions, ...conditions } };
  }

  /** The same with `s3:ExistingObjectTag/…`, for the actions that have it. */
  taggedObject(action: string, conditions: Conditions = {}, name: ObjectName = this.request): Check {
    const tags = Object.entries(this.find(name)?.tags ?? {});
    const existing = Object.fromEntries(tags.map(([tag, value]) => [`s3:ExistingObjectTag/${tag}`, value]));
    return this.object(action, { ...existing, ...conditions }, name);
  }

  find({ bucket, key }: ObjectName): { readonly tags: Tags; readonly headers: ObjectHeaders } | undefined {
    return this.stored.objects.get(bucket, key);
  }

  /** `s3:<name>` for each of these headers that the request has. */
  headers(...names: readonly string[]): Conditions {
    return present(names, (name) => this.request.headers[name]);
  }

  /** `s3:<name>` for each of these query parameters that the request has. */
  query(...names: readonly string[]): Conditions {
    return present(names, (name) => this.request.query.get(name));
  }
}

export const bucketArn = (bucket: string): string => `arn:aws:s3:::${bucket}`;
export const objectArn = ({ bucket, key }: ObjectName): string => `arn:aws:s3:::${bucket}/${key}`;

/** The tags that a request brings. */
export const tagConditions = (tags: Tags): Conditions => {
  const names = Object.keys(tags);
  if (names.length === 0) return {};
  return {
    's3:RequestObjectTagKeys': names,
    ...Object.fromEntries(names.map((name) => [`s3:RequestObjectTag/${name}`, tags[name]!])),
  };
};

const present = (names: readonly string[], find: (name: string) => string | undefined): Conditions => {
  const conditions: Record<string, string> = {};
  for (const name of names) {
    const value = find(name);
    if (value !== undefined) conditions[`s3:${name}`] = value;
  }
  return conditions;
};

const requestConditions = ({ headers, presignedAt }: S3Request): Conditions => ({
  's3:signatureversion': 'AWS4-HMAC-SHA256',
  's3:authType': presignedAt === undefined ? 'REST-HEADER' : 'REST-QUERY-STRING',
  ...(presignedAt !== undefined && { 's3:signatureAge': String(Math.max(0, Date.now() - presignedAt)) }),
  ...(headers['x-amz-content-sha256'] !== undefined && {
    's3:x-amz-content-sha256': headers['x-amz-content-sha256'],
  }),
});
