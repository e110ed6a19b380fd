import {
  CreateBucketCommand,
  GetBucketPolicyCommand,
  GetObjectAclCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  RestoreObjectCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientOf, type OpenS3, openS3, refusal } from '#test/local/s3/open-s3.ts';
import { type RawRequest, rawRequest } from '#test/local/s3/raw-request.ts';

const Bucket = 'guarded';
const Key = 'k';
let s3: OpenS3;

beforeAll(async () => {
  s3 = await openS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
  await s3.client.send(new PutObjectCommand({ Bucket, Key, Body: 'bytes' }));
});

afterAll(() => s3[Symbol.asyncDispose]());

const raw = (request: RawRequest) => rawRequest(s3.url, request);

describe('access', () => {
  it('refuses requests that nobody signed, in the XML of S3', async () => {
    const { statusCode, body } = await raw({ path: `/${Bucket}/a%20b`, keys: null });

    expect(statusCode).toBe(403);
    expect(body).toMatch(/^<\?xml .*<Error><Code>AccessDenied<\/Code><Message>Access Denied<\/Message>/s);
    expect(body).toMatch(/<Resource>\/guarded\/a%20b<\/Resource><RequestId>[0-9A-F]{16}<\/RequestId>/);
  });

  it('takes headers that a presigned URL carries for what they are', async () => {
    const presigned = {
      method: 'PUT',
      path: `/${Bucket}/presigned`,
      query: { 'x-amz-meta-run': '7', 'x-amz-checksum-crc32': 'AAAAAA==' },
      expiresIn: 60,
    };

    const wrongBody = await raw({ ...presigned, tamper: (sent) => ({ ...sent, body: 'x' }) });
    const emptyBody = await raw({ ...presigned, headers: { 'content-length': '0' } });

    const got = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'presigned' }));
    expect(wrongBody).toMatchObject({ statusCode: 400, code: 'BadDigest' });
    expect(emptyBody.statusCode).toBe(200);
    expect(got.Metadata).toEqual({ run: '7' });
  });

  it("refuses a bucket that is not the expected owner's", async () => {
    const foreign = { Bucket, ExpectedBucketOwner: '111111111111' };

    const got = refusal(s3.client.send(new GetObjectCommand({ ...foreign, Key })));
    const written = refusal(s3.client.send(new PutObjectCommand({ ...foreign, Key: 'foreign', Body: 'x' })));
    const head = refusal(s3.client.send(new HeadBucketCommand(foreign)));
    const own = await s3.client.send(new GetObjectCommand({ Bucket, Key, ExpectedBucketOwner: '000000000000' }));

    expect(await got).toMatchObject({ name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
    expect(await written).toMatchObject({ name: 'AccessDenied' });
    expect(await head).toMatchObject({ $metadata: { httpStatusCode: 403 } });
    expect(await own.Body?.transformToString()).toBe('bytes');
  });

  it('refuses public ACLs', async () => {
    const written = s3.client.send(new PutObjectCommand({ Bucket, Key: 'public', Body: 'x', ACL: 'public-read' }));

    await expect(written).rejects.toMatchObject({ name: 'AccessControlListNotSupported' });
  });

  it('listens on 127.0.0.1 only', () => {
    expect(new URL(s3.url).hostname).toBe('127.0.0.1');
  });

  it('keeps unknown buckets and paths inside its folder', async () => {
    const created = await raw({ method: 'PUT', path: '/..' });
    const read = await raw({ path: '/../../etc/passwd' });
    const encoded = await raw({ path: '/%2e%2e%2f%2e%2e/etc' });
    const inTwo = await raw({ path: `/${Bucket}%2Fother/k` });

    expect(created.body).toContain('<Code>InvalidBucketName</Code>');
    expect(read.body).toContain('<Code>NoSuchBucket</Code>');
    expect(encoded.body).toContain('<Code>InvalidBucketName</Code>');
    expect(inTwo.body).toContain('<Code>InvalidBucketName</Code>');
  });
});

describe('what is not implemented', () => {
  it.each([
    ['acl', () => s3.client.send(new GetObjectAclCommand({ Bucket, Key }))],
    ['attributes', () => s3.client.send(new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes: ['ETag'] }))],
    ['restore', () => s3.client.send(new RestoreObjectCommand({ Bucket, Key }))],
    ['versionId', () => s3.client.send(new GetObjectCommand({ Bucket, Key, VersionId: '1' }))],
    ['partNumber', () => s3.client.send(new GetObjectCommand({ Bucket, Key, PartNumber: 1 }))],
    ['policy', () => s3.client.send(new GetBucketPolicyCommand({ Bucket }))],
    ['versions', () => s3.client.send(new ListObjectVersionsCommand({ Bucket }))],
    [
      'versioning',
      () => s3.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } })),
    ],
  ])('refuses ?%s and names it', async (parameter, call) => {
    await expect(call()).rejects.toMatchObject({
      name: 'NotImplemented',
      QueryParameter: parameter,
      $metadata: { httpStatusCode: 501 },
    });
  });

  it('leaves the object alone when a sub-resource of it is refused', async () => {
    const written = await raw({
      method: 'PUT',
      path: `/${Bucket}/${Key}`,
      query: { retention: '' },
      body: '<Retention/>',
    });
    const deleted = await raw({ method: 'DELETE', path: `/${Bucket}/${Key}`, query: { annotation: '' } });

    const got = await s3.client.send(new GetObjectCommand({ Bucket, Key }));
    expect(written).toMatchObject({ statusCode: 501, body: expect.stringContaining('retention') });
    expect(deleted).toMatchObject({ statusCode: 501, body: expect.stringContaining('annotation') });
    expect(await got.Body?.transformToString()).toBe('bytes');
  });

  it('refuses headers that ask for more than it does', async () => {
    const customerKey = refusal(
      s3.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ObjectLockLegalHoldStatus: 'ON' })),
    );
    const partCopy = refusal(
      s3.client.send(
        new UploadPartCopyCommand({ Bucket, Key, UploadId: 'u', PartNumber: 1, CopySource: `${Bucket}/${Key}` }),
      ),
    );
    const glacier = refusal(s3.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', StorageClass: 'GLACIER' })));

    expect(await customerKey).toMatchObject({ name: 'NotImplemented', Header: 'x-amz-object-lock-legal-hold' });
    expect(await partCopy).toMatchObject({ name: 'NotImplemented', Header: 'x-amz-copy-source' });
    expect(await glacier).toMatchObject({ name: 'NotImplemented', Header: 'x-amz-storage-class' });
  });

  it('refuses methods that S3 has elsewhere', async () => {
    const posted = await raw({ method: 'POST', path: `/${Bucket}` });
    const deleted = await raw({ method: 'DELETE', path: `/${Bucket}` });

    expect(posted).toMatchObject({ statusCode: 501, body: expect.stringContaining('POST of a bucket') });
    expect(deleted).toMatchObject({ statusCode: 501, body: expect.stringContaining('DELETE of a bucket') });
  });

  it('refuses to delete a list of which one entry has no key, and deletes none of it', async () => {
    const body = `<Delete><Object><Key>${Key}</Key></Object><Object/></Delete>`;

    const deleted = await raw({ method: 'POST', path: `/${Bucket}`, query: { delete: '' }, body });

    expect(deleted).toMatchObject({ statusCode: 400, body: expect.stringContaining('MalformedXML') });
    await s3.client.send(new HeadObjectCommand({ Bucket, Key }));
  });
});

describe('bodies that break the protocol', () => {
  const chunked = (body: string, more: Record<string, string> = {}): RawRequest => ({
    method: 'PUT',
    path: `/${Bucket}/chunked`,
    headers: {
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': '5',
      'content-length': String(body.length),
      ...more,
    },
    body,
  });

  it.each([
    ['a shorter body than announced', '3\r\nabc\r\n0\r\n\r\n', 'IncompleteBody'],
    ['a longer body than announced', '6\r\nabcdef\r\n0\r\n\r\n', 'IncompleteBody'],
    ['an end inside a chunk', '5\r\nabc', 'IncompleteBody'],
    ['a size that is no number', 'five\r\nabcde\r\n0\r\n\r\n', 'IncompleteBody'],
    ['a chunk without its end', '5\r\nabcdeX\r\n0\r\n\r\n', 'IncompleteBody'],
    ['bytes behind the end', '5\r\nabcde\r\n0\r\n\r\nmore', 'IncompleteBody'],
    [
      'a checksum that was not announced',
      '5\r\nabcde\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n',
      'MalformedTrailerError',
    ],
    ['a trailer that is none', '5\r\nabcde\r\n0\r\nnonsense\r\n\r\n', 'MalformedTrailerError'],
  ])('refuses %s', async (_, body, code) => {
    const { body: answer } = await raw(chunked(body));

    expect(answer).toContain(`<Code>${code}</Code>`);
    expect(await raw({ path: `/${Bucket}/chunked` })).toMatchObject({ statusCode: 404 });
  });

  it('refuses a trailer that was announced and does not come, and one that is wrong', async () => {
    const announced = { 'x-amz-trailer': 'x-amz-checksum-crc32' };

    const missing = await raw(chunked('5\r\nabcde\r\n0\r\n\r\n', announced));
    const wrong = await raw(chunked('5\r\nabcde\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n', announced));

    expect(missing.body).toContain('<Code>MalformedTrailerError</Code>');
    expect(wrong.body).toContain('<Code>BadDigest</Code>');
  });

  it('refuses a body of unknown length and a body whose hash does not fit', async () => {
    const path = `/${Bucket}/unknown`;

    const unknown = await raw({
      method: 'PUT',
      path,
      headers: { 'transfer-encoding': 'chunked' },
      body: 'x',
    });
    const wrong = await raw({
      method: 'PUT',
      path,
      headers: { 'x-amz-content-sha256': '0'.repeat(64), 'content-length': '1' },
      body: 'x',
    });

    expect(unknown).toMatchObject({ statusCode: 411, body: expect.stringContaining('MissingContentLength') });
    expect(wrong).toMatchObject({ statusCode: 400, body: expect.stringContaining('XAmzContentSHA256Mismatch') });
  });

  it.each([
    '<Delete><Object><Key>k</Key></Object>',
    '<!DOCTYPE x [<!ENTITY e "boom">]><Delete><Object><Key>&e;</Key></Object></Delete>',
    '<Delete><Object><Key>&undeclared;</Key></Object></Delete>',
    '<Other/>',
    'not xml',
    '',
    '<a>'.repeat(10_000),
    `<Delete ${'a'.repeat(100_000)}`,
  ])('refuses a malformed document: %.40s', async (body) => {
    const answer = await raw({ method: 'POST', path: `/${Bucket}`, query: { delete: '' }, body });

    expect(answer).toMatchObject({ statusCode: 400, body: expect.stringContaining('<Code>MalformedXML</Code>') });
  });

  it('refuses a document of more than 4 MiB before it reads it', async () => {
    const answer = await raw({
      method: 'POST',
      path: `/${Bucket}`,
      query: { delete: '' },
      headers: { 'content-length': '200000000', expect: '100-continue' },
    });

    expect(answer).toMatchObject({ statusCode: 400, code: 'EntityTooLarge' });
  });

  it('retries nothing that was refused, so errors reach the caller at once', async () => {
    const client = clientOf(s3.url);

    const error = await refusal(client.send(new GetObjectAclCommand({ Bucket, Key })));

    client.destroy();
    expect(error).toMatchObject({ $metadata: { attempts: 1 } });
  });
});
