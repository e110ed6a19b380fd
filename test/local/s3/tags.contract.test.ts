import {
  CreateBucketCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenS3, openS3 } from '#test/local/s3/open-s3.ts';

const Bucket = 'tagged';
let s3: OpenS3;

beforeAll(async () => {
  s3 = await openS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
});

afterAll(() => s3[Symbol.asyncDispose]());

const putTags = (Key: string, TagSet: { Key: string; Value: string }[]) =>
  s3.client.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet } }));

describe('object tags', () => {
  it('replaces the tags of an object and leaves its bytes and date alone', async () => {
    const Key = 'object';
    await s3.client.send(new PutObjectCommand({ Bucket, Key, Body: 'bytes', Tagging: 'old=1', Metadata: { a: 'b' } }));
    const before = await s3.client.send(new GetObjectCommand({ Bucket, Key }));

    await putTags(Key, [
      { Key: 'run <1>', Value: 'ä & b' },
      { Key: 'empty', Value: '' },
    ]);

    const { TagSet } = await s3.client.send(new GetObjectTaggingCommand({ Bucket, Key }));
    const after = await s3.client.send(new GetObjectCommand({ Bucket, Key }));
    expect(TagSet).toEqual([
      { Key: 'run <1>', Value: 'ä & b' },
      { Key: 'empty', Value: '' },
    ]);
    expect(after).toMatchObject({
      ETag: before.ETag,
      LastModified: before.LastModified,
      Metadata: { a: 'b' },
      TagCount: 2,
    });
    expect(await after.Body?.transformToString()).toBe('bytes');
  });

  it('deletes the tags, not the object', async () => {
    const Key = 'untagged';
    await s3.client.send(new PutObjectCommand({ Bucket, Key, Body: 'bytes', Tagging: 'a=1' }));

    await s3.client.send(new DeleteObjectTaggingCommand({ Bucket, Key }));

    const { TagSet } = await s3.client.send(new GetObjectTaggingCommand({ Bucket, Key }));
    const got = await s3.client.send(new GetObjectCommand({ Bucket, Key }));
    expect(TagSet).toEqual([]);
    expect(await got.Body?.transformToString()).toBe('bytes');
  });

  it('loses the tags of an object that is replaced', async () => {
    const Key = 'replaced';
    await s3.client.send(new PutObjectCommand({ Bucket, Key, Body: 'old', Tagging: 'a=1' }));

    await s3.client.send(new PutObjectCommand({ Bucket, Key, Body: 'new' }));

    const { TagSet } = await s3.client.send(new GetObjectTaggingCommand({ Bucket, Key }));
    expect(TagSet).toEqual([]);
  });

  it('refuses tags for a missing object', async () => {
    await expect(putTags('missing', [])).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it.each([
    ['eleven tags', Array.from({ length: 11 }, (_, number) => ({ Key: `k${number}`, Value: 'v' }))],
    ['a key twice', [1, 2].map((number) => ({ Key: 'k', Value: `v${number}` }))],
    ['a key of 129 characters', [{ Key: 'k'.repeat(129), Value: 'v' }]],
    ['a value of 257 characters', [{ Key: 'k', Value: 'v'.repeat(257) }]],
  ])('refuses %s', async (_, tags) => {
    await s3.client.send(new PutObjectCommand({ Bucket, Key: 'limits', Body: 'x' }));

    await expect(putTags('limits', tags)).rejects.toMatchObject({ name: 'InvalidTag' });
  });
});
