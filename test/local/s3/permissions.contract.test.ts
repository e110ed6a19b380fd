import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KeyPair } from '#local/iam/iam.ts';
import { OPERATIONS } from '#local/s3/operations.ts';
import { type OperationName, PERMISSIONS } from '#local/s3/permissions/table.ts';
import { actionOf, asRole, type Grant, resourceOf } from './as-role.ts';
import { type OpenS3, openS3, refusal } from './open-s3.ts';
import { rawRequest } from './raw-request.ts';

const Bucket = 'guarded';
const KEY_ID = '11112222-3333-4444-5555-666677778888';
const KMS_KEY = `arn:aws:kms:eu-central-1:000000000000:key/${KEY_ID}`;
const kms = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: KEY_ID } as const;
let s3: OpenS3;
let etag: string;
let uploadId: string;
let partEtag: string;

beforeAll(async () => {
  s3 = await openS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => s3[Symbol.asyncDispose]());

/** Each call finds the same objects and an upload with one part. */
beforeEach(async () => {
  const put = (Key: string, more = {}) => s3.client.send(new PutObjectCommand({ Bucket, Key, Body: 'rows', ...more }));
  etag = (await put('plain')).ETag!;
  await put('tagged', { Tagging: 'team=sales' });
  await put('encrypted', kms);
  const started = await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
  uploadId = started.UploadId!;
  const part = { Bucket, Key: 'parts', UploadId: uploadId, PartNumber: 1, Body: 'part' };
  partEtag = (await s3.client.send(new UploadPartCommand(part))).ETag!;
});

interface Row {
  readonly operation: OperationName;
  readonly as?: string;
  readonly call: (client: S3Client) => Promise<unknown>;
  /** Exactly what it takes, in the order in which it is asked. */
  readonly needs: readonly Grant[];
}

const bucket = (action: string): Grant => ({ action, on: Bucket });
const on = (action: string, key: string): Grant => ({ action, on: `${Bucket}/${key}` });
let buckets = 0;

const ROWS: readonly Row[] = [
  {
    operation: 'ListBuckets',
    call: (client) => client.send(new ListBucketsCommand({})),
    needs: [{ action: 'ListAllMyBuckets', on: '*' }],
  },
  {
    operation: 'CreateBucket',
    call: (client) =>
      client.send(
        new CreateBucketCommand({
          Bucket: `new-${++buckets}`,
          CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
        }),
      ),
    needs: [{ action: 'CreateBucket', on: 'new-*' }],
  },
  {
    operation: 'CreateBucket',
    as: 'with an ACL and an owner',
    call: (client) =>
      client.send(
        new CreateBucketCommand({
          Bucket: `new-${++buckets}`,
          ACL: 'private',
          ObjectOwnership: 'BucketOwnerEnforced',
          CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
        }),
      ),
    needs: ['CreateBucket', 'PutBucketAcl', 'PutBucketOwnershipControls'].map((action) => ({ action, on: 'new-*' })),
  },
  {
    operation: 'HeadBucket',
    call: (client) => client.send(new HeadBucketCommand({ Bucket })),
    needs: [bucket('ListBucket')],
  },
  {
    operation: 'ListObjects',
    call: (client) => client.send(new ListObjectsCommand({ Bucket })),
    needs: [bucket('ListBucket')],
  },
  {
    operation: 'ListObjectsV2',
    call: (client) => client.send(new ListObjectsV2Command({ Bucket })),
    needs: [bucket('ListBucket')],
  },
  {
    operation: 'ListMultipartUploads',
    call: (client) => client.send(new ListMultipartUploadsCommand({ Bucket })),
    needs: [bucket('ListBucketMultipartUploads')],
  },
  {
    operation: 'PutBucketNotificationConfiguration',
    call: (client) =>
      client.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: {} })),
    needs: [bucket('PutBucketNotification')],
  },
  {
    operation: 'GetObject',
    call: (client) => client.send(new GetObjectCommand({ Bucket, Key: 'plain' })),
    needs: [on('GetObject', 'plain')],
  },
  {
    operation: 'GetObject',
    as: 'by a presigned URL',
    call: async (client) => {
      const keys = (await client.config.credentials()) as KeyPair;
      const answer = await rawRequest(s3.url, { path: `/${Bucket}/plain`, expiresIn: 60, keys });
      if (answer.code) throw Object.assign(new Error(answer.body), { name: answer.code });
    },
    needs: [on('GetObject', 'plain')],
  },
  {
    operation: 'GetObject',
    as: 'of an object encrypted by a key',
    call: (client) => client.send(new GetObjectCommand({ Bucket, Key: 'encrypted' })),
    needs: [on('GetObject', 'encrypted'), { action: 'kms:Decrypt', on: KMS_KEY }],
  },
  {
    operation: 'HeadObject',
    call: (client) => client.send(new HeadObjectCommand({ Bucket, Key: 'plain' })),
    needs: [on('GetObject', 'plain')],
  },
  {
    operation: 'PutObject',
    call: (client) => client.send(new PutObjectCommand({ Bucket, Key: 'new', Body: 'x' })),
    needs: [on('PutObject', 'new')],
  },
  {
    operation: 'PutObject',
    as: 'with tags',
    call: (client) => client.send(new PutObjectCommand({ Bucket, Key: 'new', Body: 'x', Tagging: 'a=b' })),
    needs: [on('PutObject', 'new'), on('PutObjectTagging', 'new')],
  },
  {
    operation: 'PutObject',
    as: 'with an ACL',
    call: (client) => client.send(new PutObjectCommand({ Bucket, Key: 'new', Body: 'x', ACL: 'private' })),
    needs: [on('PutObject', 'new'), on('PutObjectAcl', 'new')],
  },
  {
    operation: 'PutObject',
    as: 'where an ETag must match',
    call: (client) => client.send(new PutObjectCommand({ Bucket, Key: 'plain', Body: 'rows', IfMatch: etag })),
    needs: [on('PutObject', 'plain'), on('GetObject', 'plain')],
  },
  {
    operation: 'PutObject',
    as: 'encrypted by a key',
    call: (client) => client.send(new PutObjectCommand({ Bucket, Key: 'new', Body: 'x', ...kms })),
    needs: [on('PutObject', 'new'), { action: 'kms:GenerateDataKey', on: KMS_KEY }],
  },
  {
    operation: 'CopyObject',
    call: (client) => client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/plain` })),
    needs: [on('GetObject', 'plain'), on('PutObject', 'copy')],
  },
  {
    operation: 'CopyObject',
    as: 'of a tagged object',
    call: (client) => client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/tagged` })),
    needs: [
      on('GetObject', 'tagged'),
      on('PutObject', 'copy'),
      on('GetObjectTagging', 'tagged'),
      on('PutObjectTagging', 'copy'),
    ],
  },
  {
    operation: 'CopyObject',
    as: 'with other tags',
    call: (client) =>
      client.send(
        new CopyObjectCommand({
          Bucket,
          Key: 'copy',
          CopySource: `${Bucket}/tagged`,
          TaggingDirective: 'REPLACE',
          Tagging: 'a=b',
        }),
      ),
    needs: [on('GetObject', 'tagged'), on('PutObject', 'copy'), on('PutObjectTagging', 'copy')],
  },
  {
    operation: 'DeleteObject',
    call: (client) => client.send(new DeleteObjectCommand({ Bucket, Key: 'plain' })),
    needs: [on('DeleteObject', 'plain')],
  },
  {
    operation: 'DeleteObject',
    as: 'where an ETag must match',
    call: (client) => client.send(new DeleteObjectCommand({ Bucket, Key: 'plain', IfMatch: etag })),
    needs: [on('DeleteObject', 'plain'), on('GetObject', 'plain')],
  },
  {
    operation: 'DeleteObjects',
    call: async (client) => {
      const Objects = [{ Key: 'plain' }];
      const { Errors = [] } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      if (Errors.length > 0) throw Object.assign(new Error(Errors[0]!.Message), { name: Errors[0]!.Code });
    },
    needs: [on('DeleteObject', 'plain')],
  },
  {
    operation: 'GetObjectTagging',
    call: (client) => client.send(new GetObjectTaggingCommand({ Bucket, Key: 'tagged' })),
    needs: [on('GetObjectTagging', 'tagged')],
  },
  {
    operation: 'PutObjectTagging',
    call: (client) =>
      client.send(
        new PutObjectTaggingCommand({ Bucket, Key: 'plain', Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } }),
      ),
    needs: [on('PutObjectTagging', 'plain')],
  },
  {
    operation: 'DeleteObjectTagging',
    call: (client) => client.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'tagged' })),
    needs: [on('DeleteObjectTagging', 'tagged')],
  },
  {
    operation: 'CreateMultipartUpload',
    call: (client) => client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' })),
    needs: [on('PutObject', 'parts')],
  },
  {
    operation: 'CreateMultipartUpload',
    as: 'encrypted by a key',
    call: (client) => client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts', ...kms })),
    needs: [
      on('PutObject', 'parts'),
      { action: 'kms:GenerateDataKey', on: KMS_KEY },
      { action: 'kms:Decrypt', on: KMS_KEY },
    ],
  },
  {
    operation: 'UploadPart',
    call: (client) =>
      client.send(new UploadPartCommand({ Bucket, Key: 'parts', UploadId: uploadId, PartNumber: 2, Body: 'x' })),
    needs: [on('PutObject', 'parts')],
  },
  {
    operation: 'CompleteMultipartUpload',
    call: (client) =>
      client.send(
        new CompleteMultipartUploadCommand({
          Bucket,
          Key: 'parts',
          UploadId: uploadId,
          MultipartUpload: { Parts: [{ PartNumber: 1, ETag: partEtag }] },
        }),
      ),
    needs: [on('PutObject', 'parts')],
  },
  {
    operation: 'AbortMultipartUpload',
    call: (client) => client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'parts', UploadId: uploadId })),
    needs: [on('AbortMultipartUpload', 'parts')],
  },
  {
    operation: 'ListParts',
    call: (client) => client.send(new ListPartsCommand({ Bucket, Key: 'parts', UploadId: uploadId })),
    needs: [on('ListMultipartUploadParts', 'parts')],
  },
];

describe('the table of permissions', () => {
  it('has what S3 answers, all of which is tested here', () => {
    const names = Object.keys(PERMISSIONS).sort();

    expect(OPERATIONS.map(({ name }) => name).sort()).toEqual(names);
    expect([...new Set(ROWS.map(({ operation }) => operation))].sort()).toEqual(names);
  });
});

describe.each(ROWS.map((row) => [[row.operation, row.as].filter(Boolean).join(' '), row] as const))('%s', (_, row) => {
  const { call, needs } = row;

  it('is answered for a role that may do just that', async () => {
    await asRole(s3, needs, call);
  });

  it.each(needs.map((grant) => [actionOf(grant), grant] as const))('is refused without %s', async (action, removed) => {
    const rest = needs.filter((grant) => grant !== removed);

    const error = await refusal(asRole(s3, rest, call));

    if (row.operation.startsWith('Head')) {
      expect(error).toMatchObject({ $metadata: { httpStatusCode: 403 } });
      return;
    }
    const resource = resourceOf(removed).replace('new-*', `new-${buckets}`);
    const user = 'arn:aws:sts::000000000000:assumed-role/reader/test';
    const quoted = action.startsWith('s3:') ? `"${resource}"` : resource;
    expect(error).toMatchObject({ name: 'AccessDenied' });
    expect((error as Error).message).toContain(
      `User: ${user} is not authorized to perform: ${action} on resource: ${quoted} because no identity-based policy allows the ${action} action`,
    );
  });

  it('is refused for a role that may do it elsewhere', async () => {
    const elsewhere = needs.map((grant) => ({ ...grant, on: `${grant.on === '*' ? 'b' : resourceOf(grant)}-other` }));

    const error = await refusal(asRole(s3, elsewhere, call));

    expect(error).toMatchObject(
      row.operation.startsWith('Head') ? { $metadata: { httpStatusCode: 403 } } : { name: 'AccessDenied' },
    );
  });
});
