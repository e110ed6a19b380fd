import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { ObjectChangedError, ObjectForbiddenError, ObjectMissingError } from '#shared/errors.ts';
import { BODY_LIMITS, type BodyLimits, objectBody } from '#shared/object-store/object-body.ts';
import { type ObjectStore, parseObjectUri } from '#shared/object-store/object-store.ts';

/** The smallest parts that S3 takes: 10,000 of them (its limit) hold 50 GB, and two in flight keep an upload under 25 MB of memory. */
const PART_SIZE_BYTES = 5 * 1024 * 1024;
const PARTS_IN_FLIGHT = 2;

/** What the lifecycle rule of resources/storage.yml goes by. */
const STAGED = 'fedml-data=staged';

/**
 * The object store on Amazon S3.
 *
 * @param owner The account that the buckets must belong to. A bucket's name is free for anybody once it is deleted; whoever
 *   has taken it since is neither read from nor written to.
 */
export const s3ObjectStore = (
  client = new S3Client({}),
  owner = process.env.FEDML_BUCKET_OWNER,
  limits = BODY_LIMITS,
): ObjectStore => storeOf(owner ? ofOwner(client, owner) : client, limits);

/** Makes every call of the client, the parts of uploads included, fail with AccessDenied on buckets of other accounts. */
const ofOwner = (client: S3Client, owner: string): S3Client => {
  client.middlewareStack.add(
    (next) => (call) => next({ ...call, input: { ...call.input, ExpectedBucketOwner: owner } }),
    { name: 'expectedBucketOwner', step: 'initialize', override: true },
  );
  return client;
};

const storeOf = (client: S3Client, limits: BodyLimits): ObjectStore => ({
  async getText(uri) {
    const { body, etag } = await bodyOf(client, uri, limits);
    return { text: (await buffer(body)).toString('utf8'), etag };
  },

  async getStream(uri, { ifMatch } = {}) {
    return (await bodyOf(client, uri, limits, ifMatch)).body;
  },

  async stat(uri) {
    const { bucket, key } = parseObjectUri(uri);
    try {
      const { ETag, VersionId } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
      // A bucket without versions says nothing, one that no longer keeps them says `null`.
      return { etag: ETag!, ...(VersionId && VersionId !== 'null' && { versionId: VersionId }) };
    } catch (error) {
      throw asRefusal(error, uri);
    }
  },

  async put(uri, body, { contentType, ifNoneMatch, ifMatch } = {}) {
    const { bucket, key } = parseObjectUri(uri);
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: body,
      ContentType: contentType,
      IfNoneMatch: ifNoneMatch,
      IfMatch: ifMatch,
    });
    try {
      return { etag: (await client.send(command)).ETag! };
    } catch (error) {
      throw isConditionFailure(error) ? overwritten(uri, error) : error;
    }
  },

  async putStream(uri, body, { contentType, isKept } = {}) {
    const { bucket, key } = parseObjectUri(uri);
    await new Upload({
      client,
      params: { Bucket: bucket, Key: key, Body: body, ContentType: contentType, ...(!isKept && { Tagging: STAGED }) },
      partSize: PART_SIZE_BYTES,
      queueSize: PARTS_IN_FLIGHT,
    }).done();
  },

  async *list(prefixUri, { afterUri } = {}) {
    const { bucket, key } = parseObjectUri(prefixUri);
    const StartAfter = afterUri && parseObjectUri(afterUri).key;
    for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: key, StartAfter })) {
      for (const { Key, Size, LastModified, ETag } of page.Contents ?? []) {
        yield { uri: `s3://${bucket}/${Key}`, sizeBytes: Size!, lastModified: LastModified!, etag: ETag! };
      }
    }
  },

  async delete(uri) {
    const { bucket, key } = parseObjectUri(uri);
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
  },
});

/** The whole of the version that the first bytes are of. */
const bodyOf = async (client: S3Client, uri: string, limits: BodyLimits, ifMatch?: string) => {
  const { Body, ETag } = await get(client, uri, { ifMatch });
  const rest = async (from: number): Promise<Readable> => {
    const range = from === 0 ? undefined : `bytes=${from}-`;
    return (await get(client, uri, { ifMatch: ETag, range })).Body as Readable;
  };
  return { body: objectBody(uri, Body as Readable, rest, limits), etag: ETag! };
};

const get = async (
  client: S3Client,
  uri: string,
  { ifMatch, range }: { ifMatch?: string | undefined; range?: string | undefined },
): Promise<GetObjectCommandOutput> => {
  const { bucket, key } = parseObjectUri(uri);
  try {
    return await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, IfMatch: ifMatch, Range: range }));
  } catch (error) {
    throw isConditionFailure(error) ? overwritten(uri, error) : asRefusal(error, uri);
  }
};

/** The answer to a HEAD request has no body, so that the SDK has only its status to name the error by. */
const asRefusal = (error: unknown, uri: string): unknown => {
  const { name, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
  if (name === 'NoSuchKey' || name === 'NotFound') return missing(uri, { cause: error });
  return $metadata?.httpStatusCode === 403 ? forbidden(uri, { cause: error }) : error;
};

const overwritten = (uri: string, cause: unknown): Error =>
  new ObjectChangedError(`${uri} was written by somebody else in the meantime.`, { cause });

const missing = (uri: string, options: ErrorOptions): Error =>
  new ObjectMissingError(
    `${uri} doesn't exist. An earlier step wrote it; it was deleted since, or has expired.`,
    options,
  );

const forbidden = (uri: string, options: ErrorOptions): Error =>
  new ObjectForbiddenError(
    `S3 doesn't let this function read ${uri}. Its role needs s3:GetObject there, and the bucket must belong to this account: see adoptionBucket in docs/deploying.md.`,
    options,
  );

/** S3 answers 412 to a lost race, and 409 while two conditional writes of the same key are in flight. */
const isConditionFailure = (error: unknown): boolean =>
  ['PreconditionFailed', 'ConditionalRequestConflict'].includes((error as Error).name);
