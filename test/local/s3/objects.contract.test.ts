import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { ChecksumAlgorithm } from '@aws-sdk/client-s3';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenS3, openS3, refusal } from '#test/local/s3/open-s3.ts';

const Bucket = 'datasets';
let s3: OpenS3;

beforeAll(async () => {
  s3 = await openS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
});

afterAll(() => s3[Symbol.asyncDispose]());

const put = (Key: string, Body: string | Uint8Array = Key) =>
  s3.client.send(new PutObjectCommand({ Bucket, Key, Body }));

const textOf = async (Key: string): Promise<string | undefined> => {
  const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
  return Body?.transformToString();
};

describe('buckets', () => {
  it('creates a bucket once, heads it and lists it with its region', async () => {
    await s3.client.send(new CreateBucketCommand({ Bucket: 'models' }));

    const head = await s3.client.send(new HeadBucketCommand({ Bucket: 'models' }));
    const { Buckets } = await s3.client.send(new ListBucketsCommand({}));
    const again = refusal(s3.client.send(new CreateBucketCommand({ Bucket: 'models' })));

    expect(head.BucketRegion).toBe('eu-central-1');
    expect(Buckets).toContainEqual({ Name: 'models', CreationDate: expect.any(Date), BucketRegion: 'eu-central-1' });
    expect(await again).toMatchObject({ name: 'BucketAlreadyOwnedByYou', $metadata: { httpStatusCode: 409 } });
  });

  it.each(['UPPER', 'a', 'two..dots', '10.0.0.1', 'under_score', 'xn--bucket'])(
    'refuses the bucket name %s',
    async (name) => {
      const created = refusal(s3.client.send(new CreateBucketCommand({ Bucket: name })));

      expect(await created).toMatchObject({ name: 'InvalidBucketName' });
    },
  );

  it('refuses a bucket of another region', async () => {
    const created = refusal(
      s3.client.send(
        new CreateBucketCommand({
          Bucket: 'elsewhere',
          CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
        }),
      ),
    );

    expect(await created).toMatchObject({ name: 'IllegalLocationConstraintException' });
  });

  it('names the bucket that is missing, whatever is asked of it', async () => {
    const missing = { Bucket: 'missing', Key: 'a' };

    const refused = [
      s3.client.send(new PutObjectCommand({ ...missing, Body: 'x' })),
      s3.client.send(new GetObjectCommand(missing)),
      s3.client.send(new DeleteObjectCommand(missing)),
      s3.client.send(new ListObjectsV2Command({ Bucket: 'missing' })),
    ];
    const head = refusal(s3.client.send(new HeadBucketCommand({ Bucket: 'missing' })));

    for (const result of await Promise.allSettled(refused)) {
      expect(result).toMatchObject({ reason: { name: 'NoSuchBucket', BucketName: 'missing' } });
    }
    expect(await head).toMatchObject({ name: 'NotFound', $metadata: { httpStatusCode: 404 } });
  });
});

describe('objects', () => {
  it('gives back bytes, content headers, metadata, encryption and tags of an object', async () => {
    const sent = {
      ContentType: 'text/csv',
      ContentEncoding: 'gzip',
      ContentLanguage: 'de',
      ContentDisposition: 'attachment; filename="a.csv"',
      CacheControl: 'no-store',
      Metadata: { run: '42', 'view-name': 'FLIGHTS' },
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: 'arn:aws:kms:eu-central-1:000000000000:key/1',
      StorageClass: 'STANDARD_IA',
    } as const;
    await s3.client.send(
      new PutObjectCommand({ Bucket, Key: 'described', Body: '1,2\n', Tagging: 'stage=test&a%20b=c', ...sent }),
    );

    const got = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'described' }));
    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'described' }));

    const described = {
      ...sent,
      ContentLength: 4,
      TagCount: 2,
      ETag: `"${createHash('md5').update('1,2\n').digest('hex')}"`,
    };
    expect(got).toMatchObject(described);
    expect(head).toMatchObject(described);
    expect(await got.Body?.transformToString()).toBe('1,2\n');
  });

  it('encrypts with AES256 unless told otherwise, as S3 does', async () => {
    const written = await put('plain');

    expect(written.ServerSideEncryption).toBe('AES256');
  });

  it('keeps an empty object', async () => {
    await put('empty', new Uint8Array());

    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'empty' }));

    expect(head).toMatchObject({ ContentLength: 0, ETag: '"d41d8cd98f00b204e9800998ecf8427e"' });
    expect(await textOf('empty')).toBe('');
  });

  it('answers NoSuchKey with the key, and NotFound on HEAD', async () => {
    const got = refusal(s3.client.send(new GetObjectCommand({ Bucket, Key: 'no such' })));
    const head = refusal(s3.client.send(new HeadObjectCommand({ Bucket, Key: 'no such' })));

    expect(await got).toMatchObject({ name: 'NoSuchKey', Key: 'no such', Code: 'NoSuchKey' });
    expect(await head).toMatchObject({ name: 'NotFound', $metadata: { httpStatusCode: 404 } });
  });

  it.each([
    ['bytes=1-3', 'bcd', 'bytes 1-3/8'],
    ['bytes=5-', 'fgh', 'bytes 5-7/8'],
    ['bytes=-2', 'gh', 'bytes 6-7/8'],
    ['bytes=-99', 'abcdefgh', 'bytes 0-7/8'],
    ['bytes=6-99', 'gh', 'bytes 6-7/8'],
  ])('reads the range %s', async (Range, text, ContentRange) => {
    await put('ranged', 'abcdefgh');

    const got = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'ranged', Range, ChecksumMode: 'ENABLED' }));

    expect(got).toMatchObject({ ContentRange, ContentLength: text.length, $metadata: { httpStatusCode: 206 } });
    expect(await got.Body?.transformToString()).toBe(text);
  });

  it.each(['bytes=8-', 'bytes=-0', 'bytes=100-200'])('refuses the range %s of eight bytes', async (Range) => {
    await put('ranged', 'abcdefgh');

    const got = refusal(s3.client.send(new GetObjectCommand({ Bucket, Key: 'ranged', Range })));

    expect(await got).toMatchObject({ name: 'InvalidRange', $metadata: { httpStatusCode: 416 } });
  });

  it('answers with the content type that the reader asks for', async () => {
    await put('typed');

    const got = await s3.client.send(
      new GetObjectCommand({
        Bucket,
        Key: 'typed',
        ResponseContentType: 'text/x-special',
        ResponseExpires: new Date(0),
      }),
    );

    expect(got.ContentType).toBe('text/x-special');
    expect(got.ExpiresString).toBe('Thu, 01 Jan 1970 00:00:00 GMT');
  });

  it('deletes one object, and a missing one without complaint', async () => {
    await put('short-lived');

    await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'short-lived' }));
    await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'short-lived' }));

    await expect(textOf('short-lived')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it('deletes many objects and says which, or says nothing when asked to be quiet', async () => {
    await Promise.all(['many/<&>"1', 'many/2', 'many/3'].map((key) => put(key)));

    const loud = await s3.client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'many/<&>"1' }, { Key: 'many/none' }] } }),
    );
    const quiet = await s3.client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Quiet: true, Objects: [{ Key: 'many/2' }] } }),
    );

    const { Contents } = await s3.client.send(new ListObjectsV2Command({ Bucket, Prefix: 'many/' }));
    expect(loud.Deleted).toEqual([{ Key: 'many/<&>"1' }, { Key: 'many/none' }]);
    expect(quiet.Deleted).toBeUndefined();
    expect(Contents?.map(({ Key }) => Key)).toEqual(['many/3']);
  });

  it('refuses a list of more than 1,000 keys to delete', async () => {
    const Objects = Array.from({ length: 1_001 }, (_, number) => ({ Key: `k${number}` }));

    const deleted = refusal(s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } })));

    expect(await deleted).toMatchObject({ name: 'MalformedXML' });
  });

  it('refuses user metadata of more than 2 KB', async () => {
    const written = refusal(
      s3.client.send(
        new PutObjectCommand({ Bucket, Key: 'talkative', Body: 'x', Metadata: { note: 'n'.repeat(2_049) } }),
      ),
    );

    expect(await written).toMatchObject({ name: 'MetadataTooLarge' });
  });
});

describe('checksums', () => {
  it.each<[ChecksumAlgorithm, string]>([
    ['CRC32', 'ChecksumCRC32'],
    ['CRC32C', 'ChecksumCRC32C'],
    ['SHA1', 'ChecksumSHA1'],
    ['SHA256', 'ChecksumSHA256'],
  ])('verifies and returns %s, sent in a header and in a trailer', async (ChecksumAlgorithm, member) => {
    const Body = Buffer.from('some bytes, twice');
    const Key = `checked-${ChecksumAlgorithm}`;

    const fromHeader = await s3.client.send(new PutObjectCommand({ Bucket, Key, Body, ChecksumAlgorithm }));
    const fromTrailer = await s3.client.send(
      new PutObjectCommand({
        Bucket,
        Key,
        Body: Readable.from([Body.subarray(0, 5), Body.subarray(5)]),
        ContentLength: Body.length,
        ChecksumAlgorithm,
      }),
    );

    const got = await s3.client.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
    const checksum = (got as unknown as Record<string, string>)[member];
    expect(checksum).toEqual(expect.any(String));
    expect(fromHeader).toMatchObject({ [member]: checksum, ChecksumType: 'FULL_OBJECT' });
    expect(fromTrailer).toMatchObject({ [member]: checksum });
    expect(await got.Body?.transformToString()).toBe(Body.toString());
  });

  it('returns a checksum only to those who ask', async () => {
    await put('unasked');

    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'unasked' }));

    expect(head.ChecksumCRC32).toBeUndefined();
  });

  it.each([{ ChecksumCRC32: 'AAAAAA==' }, { ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' }])(
    'refuses a body that does not fit %o and keeps the old object',
    async (wrong) => {
      await put('guarded', 'old');

      const written = refusal(s3.client.send(new PutObjectCommand({ Bucket, Key: 'guarded', Body: 'new', ...wrong })));

      expect(await written).toMatchObject({ name: 'BadDigest', $metadata: { httpStatusCode: 400 } });
      expect(await textOf('guarded')).toBe('old');
    },
  );

  it('refuses a Content-MD5 that is no MD5', async () => {
    const written = refusal(
      s3.client.send(new PutObjectCommand({ Bucket, Key: 'guarded', Body: 'x', ContentMD5: 'abc' })),
    );

    expect(await written).toMatchObject({ name: 'InvalidDigest' });
  });

  it('refuses a checksum that it cannot verify, by name', async () => {
    const written = refusal(
      s3.client.send(new PutObjectCommand({ Bucket, Key: 'guarded', Body: 'x', ChecksumCRC64NVME: 'AAAAAAAAAAA=' })),
    );

    expect(await written).toMatchObject({ name: 'NotImplemented', Header: 'x-amz-checksum-crc64nvme' });
  });

  it('stores a streamed file without the framing of its chunks', async () => {
    const path = join(s3.dataDir, 'source.bin');
    const bytes = Buffer.alloc(300_000, 'chunk of bytes\r\n');
    await writeFile(path, bytes);

    await s3.client.send(new PutObjectCommand({ Bucket, Key: 'streamed', Body: createReadStream(path) }));

    const got = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'streamed', ChecksumMode: 'ENABLED' }));
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(bytes)).toBe(true);
  });
});

describe('conditions', () => {
  it('lets exactly one of eight racing creators win', async () => {
    const race = Array.from({ length: 8 }, (_, number) =>
      s3.client.send(new PutObjectCommand({ Bucket, Key: 'lock', Body: `writer ${number}`, IfNoneMatch: '*' })),
    );

    const results = await Promise.allSettled(race);

    const winner = results.findIndex(({ status }) => status === 'fulfilled');
    const losers = results.filter(({ status }) => status === 'rejected');
    expect(losers).toHaveLength(7);
    for (const loser of losers) expect(loser).toMatchObject({ reason: { name: 'PreconditionFailed' } });
    expect(await textOf('lock')).toBe(`writer ${winner}`);
  });

  it('replaces only the version that the writer has seen', async () => {
    const { ETag } = await put('ledger', 'v1');

    await s3.client.send(new PutObjectCommand({ Bucket, Key: 'ledger', Body: 'v2', IfMatch: ETag }));
    const stale = refusal(s3.client.send(new PutObjectCommand({ Bucket, Key: 'ledger', Body: 'v3', IfMatch: ETag })));

    expect(await stale).toMatchObject({ name: 'PreconditionFailed', Condition: 'If-Match' });
    expect(await textOf('ledger')).toBe('v2');
  });

  it('answers NoSuchKey to a replacement of nothing', async () => {
    const written = refusal(
      s3.client.send(new PutObjectCommand({ Bucket, Key: 'nothing', Body: 'x', IfMatch: '"abc"' })),
    );

    expect(await written).toMatchObject({ name: 'NoSuchKey' });
  });

  it('refuses If-None-Match with a value on a write, as S3 does', async () => {
    const written = refusal(
      s3.client.send(new PutObjectCommand({ Bucket, Key: 'n', Body: 'x', IfNoneMatch: '"abc"' })),
    );

    expect(await written).toMatchObject({ name: 'NotImplemented', Header: 'If-None-Match' });
  });

  it('reads by If-Match and If-None-Match', async () => {
    const { ETag } = await put('seen');
    const read = (condition: object) => s3.client.send(new GetObjectCommand({ Bucket, Key: 'seen', ...condition }));

    const same = await read({ IfMatch: ETag });
    const other = refusal(read({ IfMatch: '"abc"' }));
    const unchanged = refusal(read({ IfNoneMatch: ETag }));
    const headUnchanged = refusal(s3.client.send(new HeadObjectCommand({ Bucket, Key: 'seen', IfNoneMatch: ETag })));

    expect(await same.Body?.transformToString()).toBe('seen');
    expect(await other).toMatchObject({ name: 'PreconditionFailed' });
    expect(await unchanged).toMatchObject({ $metadata: { httpStatusCode: 304 } });
    expect(await headUnchanged).toMatchObject({ $metadata: { httpStatusCode: 304 } });
  });

  it('reads by date', async () => {
    await put('dated');
    const read = (condition: object) => s3.client.send(new GetObjectCommand({ Bucket, Key: 'dated', ...condition }));
    const past = new Date(0);
    const future = new Date(Date.now() + 60_000);

    const changedSincePast = await read({ IfModifiedSince: past });
    const unchangedSinceFuture = refusal(read({ IfModifiedSince: future }));
    const changedAfterPast = refusal(read({ IfUnmodifiedSince: past }));

    expect(await changedSincePast.Body?.transformToString()).toBe('dated');
    expect(await unchangedSinceFuture).toMatchObject({ $metadata: { httpStatusCode: 304 } });
    expect(await changedAfterPast).toMatchObject({ name: 'PreconditionFailed' });
  });

  it('deletes only the version that the caller has seen', async () => {
    await put('kept');

    const deleted = refusal(s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'kept', IfMatch: '"abc"' })));

    expect(await deleted).toMatchObject({ name: 'PreconditionFailed' });
    expect(await textOf('kept')).toBe('kept');
  });
});

describe('copies', () => {
  it('copies bytes, metadata, tags and checksum, also of a key full of signs', async () => {
    const source = 'from/ü +%?&#/x';
    await s3.client.send(
      new PutObjectCommand({ Bucket, Key: source, Body: 'copied', Metadata: { a: '1' }, Tagging: 't=1' }),
    );

    const { CopyObjectResult } = await s3.client.send(
      new CopyObjectCommand({ Bucket, Key: 'to', CopySource: `${Bucket}/${encodeURIComponent(source)}` }),
    );
    await s3.client.send(new DeleteObjectCommand({ Bucket, Key: source }));

    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'to', ChecksumMode: 'ENABLED' }));
    expect(CopyObjectResult).toMatchObject({ ETag: head.ETag, ChecksumCRC32: head.ChecksumCRC32 });
    expect(head).toMatchObject({ Metadata: { a: '1' }, TagCount: 1, ChecksumCRC32: expect.any(String) });
    expect(await textOf('to')).toBe('copied');
  });

  it('replaces metadata and tags when told to', async () => {
    await s3.client.send(
      new PutObjectCommand({ Bucket, Key: 'renamed', Body: 'x', Metadata: { a: '1' }, Tagging: 't=1&u=2' }),
    );

    await s3.client.send(
      new CopyObjectCommand({
        Bucket,
        Key: 'renamed',
        CopySource: `${Bucket}/renamed`,
        MetadataDirective: 'REPLACE',
        Metadata: { b: '2' },
        TaggingDirective: 'REPLACE',
        Tagging: 'v=3',
      }),
    );

    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'renamed' }));
    expect(head).toMatchObject({ Metadata: { b: '2' }, TagCount: 1 });
  });

  it('refuses a copy onto itself that changes nothing', async () => {
    await put('itself');

    const copied = refusal(
      s3.client.send(new CopyObjectCommand({ Bucket, Key: 'itself', CopySource: `${Bucket}/itself` })),
    );

    expect(await copied).toMatchObject({ name: 'InvalidRequest' });
  });

  it('refuses a missing source, a foreign owner of it and an unmet condition on it', async () => {
    await put('source');
    const copy = (input: object) =>
      s3.client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/source`, ...input }));

    const missing = refusal(copy({ CopySource: `${Bucket}/none` }));
    const foreign = refusal(copy({ ExpectedSourceBucketOwner: '111111111111' }));
    const changed = refusal(copy({ CopySourceIfMatch: '"abc"' }));
    const taken = refusal(
      copy({ Key: 'source2', IfNoneMatch: '*' }).then(() => copy({ Key: 'source2', IfNoneMatch: '*' })),
    );

    expect(await missing).toMatchObject({ name: 'NoSuchKey', Key: 'none' });
    expect(await foreign).toMatchObject({ name: 'AccessDenied' });
    expect(await changed).toMatchObject({ name: 'PreconditionFailed' });
    expect(await taken).toMatchObject({ name: 'PreconditionFailed' });
  });
});
