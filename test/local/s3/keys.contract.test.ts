import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenS3, openS3 } from '#test/local/s3/open-s3.ts';

const Bucket = 'keys';
let s3: OpenS3;

beforeAll(async () => {
  s3 = await openS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
});

afterAll(() => s3[Symbol.asyncDispose]());

const put = (Key: string, Body = Key) => s3.client.send(new PutObjectCommand({ Bucket, Key, Body }));

const textOf = async (Key: string): Promise<string | undefined> =>
  (await s3.client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();

const listedKeys = async (): Promise<string[]> => {
  const { Contents = [] } = await s3.client.send(new ListObjectsV2Command({ Bucket, EncodingType: 'url' }));
  return Contents.map(({ Key = '' }) => decodeURIComponent(Key));
};

const remove = (Key: string) => s3.client.send(new DeleteObjectCommand({ Bucket, Key }));

describe('keys', () => {
  it('takes any unicode key there and back by put, get, list and delete', async () => {
    const anyKey = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 40 })
      .filter((key) => Buffer.byteLength(key) <= 1_024);

    await fc.assert(
      fc.asyncProperty(anyKey, async (key) => {
        await put(key);
        expect(await textOf(key)).toBe(key);
        expect(await listedKeys()).toEqual([key]);
        await remove(key);
        expect(await listedKeys()).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    '..',
    '../../outside',
    '/leading',
    'a//b',
    'a/./b/../c',
    'trailing/',
    'sp ace+plus%20percent%2F',
    '?query#fragment&=',
    'quotes\'"`<>',
    'back\\slash',
    'emoji 🛫 ﬃ é é',
    '__proto__',
    'CON',
  ])('keeps the key %s as it is', async (key) => {
    await put(key);

    const text = await textOf(key);
    const keys = await listedKeys();

    await remove(key);
    expect(text).toBe(key);
    expect(keys).toEqual([key]);
  });

  it('lists control characters, tabs and carriage returns without encoding them as well', async () => {
    const key = 'a\tb\rc\u0001d\u007fe';
    await put(key);

    const { Contents } = await s3.client.send(new ListObjectsV2Command({ Bucket }));

    await remove(key);
    expect(Contents).toMatchObject([{ Key: key }]);
  });

  it('tells keys apart that differ in case, in a slash or in their unicode form', async () => {
    const keys = ['a', 'A', 'a/', 'a/b', '\u00e9', 'e\u0301'];
    for (const key of keys) await put(key);

    const texts = await Promise.all(keys.map(textOf));
    const listed = await listedKeys();

    await Promise.all(keys.map(remove));
    expect(texts).toEqual(keys);
    expect(listed).toHaveLength(keys.length);
  });

  it('writes nothing outside its folder', async () => {
    const before = await readdir(dirname(s3.dataDir));

    await put(`../${'x'.repeat(20)}`);
    await put('../../../../../../../../tmp/s3-escaped');

    const names = await readdir(s3.dataDir);
    const appeared = (await readdir(dirname(s3.dataDir))).filter((name) => !before.includes(name));
    expect(appeared.filter((name) => name.includes('x'.repeat(20)) || name.includes('escaped'))).toEqual([]);
    expect(names.filter((name) => !name.startsWith('index.sqlite'))).toEqual(['data']);
    for (const key of await listedKeys()) await remove(key);
  });

  it('takes keys of 1,024 bytes and refuses longer ones', async () => {
    const longest = 'ü'.repeat(512);

    await put(longest, 'long');
    const tooLong = put(`${longest}x`);

    await expect(tooLong).rejects.toMatchObject({ name: 'KeyTooLongError', $metadata: { httpStatusCode: 400 } });
    expect(await textOf(longest)).toBe('long');
    await remove(longest);
  });
});
