import { once } from 'node:events';
import { connect } from 'node:net';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asRole, deployRole, type Grant, ROLE_ARN } from './as-role.ts';
import { type OpenS3, openS3, refusal } from './open-s3.ts';
import { rawRequest, signed } from './raw-request.ts';

const Bucket = 'guarded';
let s3: OpenS3;

beforeAll(async () => {
  s3 = await openS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
  const put = (Key: string, more = {}) => s3.client.send(new PutObjectCommand({ Bucket, Key, Body: 'rows', ...more }));
  await put('plain');
  await put('shared', { Tagging: 'audience=all' });
  await put('private', { Tagging: 'audience=board' });
});
afterAll(() => s3[Symbol.asyncDispose]());

const grant = (action: string, on: string, condition?: Grant['condition']): Grant => ({
  action,
  on,
  ...(condition && { condition }),
});
const anywhere = (action: string, condition?: Grant['condition']) => grant(action, `${Bucket}/*`, condition);

/** `allowed`, or the error's name. */
const verdict = (grants: readonly Grant[], call: (client: S3Client) => Promise<unknown>): Promise<string> =>
  asRole(s3, grants, call).then(
    () => 'allowed',
    (error: Error) => error.name,
  );

describe('a condition', () => {
  const list = (more: object) => (client: S3Client) => client.send(new ListObjectsV2Command({ Bucket, ...more }));
  const put =
    (more: object, Key = 'new') =>
    (client: S3Client) =>
      client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ...more }));
  const get = (Key: string) => (client: S3Client) => client.send(new GetObjectCommand({ Bucket, Key }));
  const upload = (client: S3Client) => client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
  const copy = (from: string) => (client: S3Client) =>
    client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/${from}` }));
  const tag = (team: string) => (client: S3Client) =>
    client.send(
      new PutObjectTaggingCommand({ Bucket, Key: 'plain', Tagging: { TagSet: [{ Key: 'team', Value: team }] } }),
    );

  it.each<[string, readonly Grant[], (client: S3Client) => Promise<unknown>, (client: S3Client) => Promise<unknown>]>([
    [
      'a prefix',
      [grant('ListBucket', Bucket, { StringLike: { 's3:prefix': 'runs/*' } })],
      list({ Prefix: 'runs/1' }),
      list({ Prefix: 'models/' }),
    ],
    [
      'a prefix, which must be sent',
      [grant('ListBucket', Bucket, { StringLike: { 's3:prefix': '*' } })],
      list({ Prefix: '' }),
      list({}),
    ],
    [
      'a delimiter',
      [grant('ListBucket', Bucket, { StringEquals: { 's3:delimiter': '/' } })],
      list({ Delimiter: '/' }),
      list({}),
    ],
    [
      'a page',
      [grant('ListBucket', Bucket, { NumericLessThanEquals: { 's3:max-keys': '10' } })],
      list({ MaxKeys: 10 }),
      list({ MaxKeys: 11 }),
    ],
    [
      "an object's tag",
      [anywhere('GetObject', { StringEquals: { 's3:ExistingObjectTag/audience': 'all' } })],
      get('shared'),
      get('private'),
    ],
    [
      'a tag that is brought',
      [anywhere('PutObject', { StringEquals: { 's3:RequestObjectTag/team': 'sales' } }), anywhere('PutObjectTagging')],
      put({ Tagging: 'team=sales' }),
      put({ Tagging: 'team=legal' }),
    ],
    [
      'the names of tags',
      [
        anywhere('PutObject'),
        anywhere('PutObjectTagging', { 'ForAllValues:StringEquals': { 's3:RequestObjectTagKeys': 'team' } }),
      ],
      put({ Tagging: 'team=sales' }),
      put({ Tagging: 'team=sales&secret=1' }),
    ],
    [
      'a tag in the body',
      [anywhere('PutObjectTagging', { StringEquals: { 's3:RequestObjectTag/team': 'sales' } })],
      tag('sales'),
      tag('legal'),
    ],
    [
      'creating only',
      [anywhere('PutObject', { StringEquals: { 's3:if-none-match': '*' } })],
      put({ IfNoneMatch: '*' }, `new-${Math.random()}`),
      put({}),
    ],
    [
      'whole objects, not uploads',
      [anywhere('PutObject', { Bool: { 's3:ObjectCreationOperation': 'true' } })],
      put({}),
      upload,
    ],
    [
      'the source of a copy',
      [
        anywhere('GetObject'),
        anywhere('PutObject', { StringLike: { 's3:x-amz-copy-source': `${Bucket}/pl*` } }),
        anywhere('*ObjectTagging'),
      ],
      copy('plain'),
      copy('shared'),
    ],
    [
      'a storage class',
      [anywhere('PutObject', { StringEquals: { 's3:x-amz-storage-class': 'STANDARD_IA' } })],
      put({ StorageClass: 'STANDARD_IA' }),
      put({}),
    ],
    [
      "the account's own buckets",
      [anywhere('GetObject', { StringEquals: { 's3:ResourceAccount': '000000000000' } })],
      get('plain'),
      (client) => client.send(new GetObjectTaggingCommand({ Bucket, Key: 'plain' })),
    ],
  ])('on %s is kept', async (_, grants, allowed, refused) => {
    expect(await verdict(grants, allowed)).toBe('allowed');
    expect(await verdict(grants, refused)).toBe('AccessDenied');
  });

  it('on how a request is signed tells a presigned URL from others', async () => {
    deployRole(s3.iam, [anywhere('GetObject', { StringEquals: { 's3:authType': 'REST-HEADER' } })]);
    const request = { path: `/${Bucket}/plain`, keys: s3.iam.sessionKeys(ROLE_ARN, 'test') };

    expect(await rawRequest(s3.url, request)).toMatchObject({ statusCode: 200 });
    expect(await rawRequest(s3.url, { ...request, expiresIn: 60 })).toMatchObject({ code: 'AccessDenied' });
  });

  it('on the age of a presigned URL ends it before its own end', async () => {
    deployRole(s3.iam, [anywhere('GetObject', { NumericLessThan: { 's3:signatureAge': '60000' } })]);
    const request = { path: `/${Bucket}/plain`, expiresIn: 3_600, keys: s3.iam.sessionKeys(ROLE_ARN, 'test') };

    expect(await rawRequest(s3.url, request)).toMatchObject({ statusCode: 200 });
    expect(await rawRequest(s3.url, { ...request, at: new Date(Date.now() - 120_000) })).toMatchObject({
      code: 'AccessDenied',
    });
  });
});

describe('a key that is missing', () => {
  const readers: [string, (client: S3Client) => Promise<unknown>][] = [
    ['GetObject', (client) => client.send(new GetObjectCommand({ Bucket, Key: 'missing' }))],
    [
      'CopyObject',
      (client) => client.send(new CopyObjectCommand({ Bucket, Key: 'c', CopySource: `${Bucket}/missing` })),
    ],
    ['GetObjectTagging', (client) => client.send(new GetObjectTaggingCommand({ Bucket, Key: 'missing' }))],
    ['PutObject', (client) => client.send(new PutObjectCommand({ Bucket, Key: 'missing', Body: 'x', IfMatch: '"e"' }))],
  ];

  it.each(readers)('is told of by %s where the bucket may be listed', async (_, call) => {
    expect(await verdict([anywhere('*'), grant('ListBucket', Bucket)], call)).toBe('NoSuchKey');
  });

  it.each(readers)('is not told of by %s elsewhere, nor by a grant for a prefix', async (_, call) => {
    const prefix = grant('ListBucket', Bucket, { StringLike: { 's3:prefix': '*' } });

    const error = await refusal(asRole(s3, [anywhere('*')], call));

    expect(error).toMatchObject({
      name: 'AccessDenied',
      message: expect.stringMatching(/s3:ListBucket on resource: "arn:aws:s3:::guarded"/),
    });
    expect(await verdict([anywhere('*'), prefix], call)).toBe('AccessDenied');
  });

  it('has 403 for HEAD too', async () => {
    const head = (client: S3Client) => client.send(new HeadObjectCommand({ Bucket, Key: 'missing' }));

    expect(await refusal(asRole(s3, [anywhere('GetObject')], head))).toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
    expect(await refusal(asRole(s3, [anywhere('GetObject'), grant('ListBucket', Bucket)], head))).toMatchObject({
      $metadata: { httpStatusCode: 404 },
    });
  });

  it('looks the same as one that is there, and as a missing bucket, to whoever may do nothing', async () => {
    const answers: unknown[] = [];
    for (const [bucket, Key] of [
      [Bucket, 'plain'],
      [Bucket, 'missing'],
      ['missing', 'plain'],
    ] as const) {
      answers.push(await verdict([], (client) => client.send(new GetObjectCommand({ Bucket: bucket, Key }))));
      answers.push(
        await verdict([], (client) => client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }))),
      );
    }

    expect(new Set(answers)).toEqual(new Set(['AccessDenied']));
    expect(
      await refusal(asRole(s3, [], (client) => client.send(new HeadBucketCommand({ Bucket: 'missing' })))),
    ).toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
  });
});

describe('DeleteObjects', () => {
  it('deletes what may be deleted and names the rest', async () => {
    const put = (Key: string) => s3.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    await Promise.all(['mine/1', 'theirs/1'].map(put));
    const Objects = [{ Key: 'mine/1' }, { Key: 'theirs/1' }, { Key: 'mine/absent' }, { Key: 'theirs/absent' }];

    const deleted = await asRole(s3, [grant('DeleteObject', `${Bucket}/mine/*`)], (client) =>
      client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } })),
    );

    const message = expect.stringMatching(
      /not authorized to perform: s3:DeleteObject on resource: "arn:aws:s3:::guarded\/theirs/,
    );
    expect(deleted.Deleted).toEqual([{ Key: 'mine/1' }, { Key: 'mine/absent' }]);
    expect(deleted.Errors).toEqual([
      { Key: 'theirs/1', Code: 'AccessDenied', Message: message },
      { Key: 'theirs/absent', Code: 'AccessDenied', Message: message },
    ]);
    await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'theirs/1' }));
  });
});

describe("a bucket's policy", () => {
  const policy = (Effect: string, more: object) => ({
    [`arn:aws:s3:::${Bucket}`]: {
      Version: '2012-10-17',
      Statement: [{ Effect, Principal: '*', Action: 's3:*', Resource: `arn:aws:s3:::${Bucket}/*`, ...more }],
    },
  });
  const get = (client: S3Client) => client.send(new GetObjectCommand({ Bucket, Key: 'plain' }));

  it('denies what a role may do, and the person too', async () => {
    const denied = policy('Deny', { Resource: `arn:aws:s3:::${Bucket}/plain` });

    expect(await refusal(asRole(s3, [anywhere('GetObject')], get, denied))).toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('with an explicit deny in a resource-based policy'),
    });
    expect(await refusal(get(s3.client))).toMatchObject({ name: 'AccessDenied' });
  });

  it('that denies what is not TLS 1.2 lets pass what comes to the loopback interface', async () => {
    const tls = policy('Deny', { Condition: { NumericLessThan: { 's3:TlsVersion': '1.2' } } });
    const secure = policy('Deny', { Condition: { Bool: { 'aws:SecureTransport': 'false' } } });

    await asRole(s3, [anywhere('GetObject')], get, tls);
    await asRole(s3, [anywhere('GetObject')], get, secure);
  });
});

describe('a key', () => {
  it.each(['*', 'runs/../elsewhere', 'a*b', 'runs?/x', 'runs\n/x'])(
    'that looks like a pattern is none: %j',
    async (Key) => {
      await s3.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
      const get = (client: S3Client) => client.send(new GetObjectCommand({ Bucket, Key }));

      expect(await verdict([grant('GetObject', `${Bucket}/runs/1`), grant('GetObject', `${Bucket}/aXb`)], get)).toBe(
        'AccessDenied',
      );
      expect(await verdict([anywhere('GetObject')], get)).toBe('allowed');
    },
  );

  it('with dots is the text that it is, not a path', async () => {
    await s3.client.send(new PutObjectCommand({ Bucket, Key: 'models/m', Body: 'x' }));
    deployRole(s3.iam, [grant('GetObject', `${Bucket}/runs/*`), grant('ListBucket', Bucket)]);

    const answer = await rawRequest(s3.url, {
      path: `/${Bucket}/runs/../models/m`,
      keys: s3.iam.sessionKeys(ROLE_ARN, 'test'),
    });

    expect(answer).toMatchObject({ statusCode: 404, code: 'NoSuchKey' });
  });
});

describe('a refusal', () => {
  it('comes before the body', async () => {
    deployRole(s3.iam, []);
    const target = await signed(
      s3.url,
      {
        method: 'PUT',
        path: `/${Bucket}/big`,
        headers: { 'content-length': '1000000000', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
      },
      { keys: s3.iam.sessionKeys(ROLE_ARN, 'test') },
    );
    const socket = connect(Number(new URL(s3.url).port), '127.0.0.1');
    const lines = Object.entries(target.headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`PUT ${target.path} HTTP/1.1\r\n${lines.join('')}\r\n`);

    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 403 .*<Code>AccessDenied<\/Code>/s);
    socket.destroy();
  });

  it('of one operation is no refusal of the next on the same connection', async () => {
    const answers = await asRole(s3, [grant('GetObject', `${Bucket}/plain`)], async (client) => [
      await refusal(client.send(new PutObjectCommand({ Bucket, Key: 'plain', Body: 'x'.repeat(100_000) }))),
      await client.send(new GetObjectCommand({ Bucket, Key: 'plain' })).then(({ Body }) => Body?.transformToString()),
    ]);

    expect(answers).toEqual([expect.objectContaining({ name: 'AccessDenied' }), 'rows']);
  });
});
