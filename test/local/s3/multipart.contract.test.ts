import { Readable } from 'node:stream';
import type { CompletedPart } from '@aws-sdk/client-s3';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OpenS3, openS3, refusal } from '#test/local/s3/open-s3.ts';

const Bucket = 'models';
const Key = 'run/model.tar.gz';
const MIN_PART_BYTES = 5 * 1024 ** 2;
let s3: OpenS3;

beforeEach(async () => {
  s3 = await openS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
});

afterEach(() => s3[Symbol.asyncDispose]());

const create = async (input: object = {}): Promise<string> => {
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...input }));
  return UploadId ?? '';
};

const upload = async (
  UploadId: string,
  PartNumber: number,
  Body: Buffer,
  input: object = {},
): Promise<CompletedPart> => {
  const { ETag, ChecksumCRC32 } = await s3.client.send(
    new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ...input }),
  );
  return { PartNumber, ETag, ...(ChecksumCRC32 && { ChecksumCRC32 }) };
};

const complete = (UploadId: string, Parts: CompletedPart[], input: object = {}) =>
  s3.client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...input }));

const bytesOf = async (): Promise<Buffer> => {
  const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
};

describe('multipart uploads', () => {
  it('joins parts by number, in whatever order they arrive, and leaves only the object behind', async () => {
    const first = Buffer.alloc(MIN_PART_BYTES, 'a');
    const last = Buffer.from('the end');
    const UploadId = await create({ ContentType: 'application/gzip', Metadata: { run: '7' } });

    const second = await upload(UploadId, 9, last);
    const parts = [await upload(UploadId, 2, first), second];
    const { ETag } = await complete(UploadId, parts);

    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key }));
    expect(ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    expect(head).toMatchObject({ ETag, ContentType: 'application/gzip', Metadata: { run: '7' } });
    expect((await bytesOf()).equals(Buffer.concat([first, last]))).toBe(true);
    expect(await s3.dataFiles()).toHaveLength(1);
  });

  it('takes the last upload of a part', async () => {
    const UploadId = await create();

    await upload(UploadId, 1, Buffer.from('draft'));
    await complete(UploadId, [await upload(UploadId, 1, Buffer.from('final'))]);

    expect((await bytesOf()).toString()).toBe('final');
    expect(await s3.dataFiles()).toHaveLength(1);
  });

  it('refuses small, unknown and disordered parts, and completes afterwards', async () => {
    const UploadId = await create();
    const small = await upload(UploadId, 1, Buffer.from('small'));
    const last = await upload(UploadId, 2, Buffer.from('last'));

    const tooSmall = refusal(complete(UploadId, [small, last]));
    const unknown = refusal(complete(UploadId, [small, { PartNumber: 3, ETag: last.ETag }]));
    const changed = refusal(complete(UploadId, [{ ...small, ETag: last.ETag }]));
    const disordered = refusal(complete(UploadId, [last, small]));

    expect(await tooSmall).toMatchObject({ name: 'EntityTooSmall', PartNumber: '1' });
    expect(await unknown).toMatchObject({ name: 'InvalidPart', PartNumber: '3' });
    expect(await changed).toMatchObject({ name: 'InvalidPart' });
    expect(await disordered).toMatchObject({ name: 'InvalidPartOrder' });
    await complete(UploadId, [last]);
    expect((await bytesOf()).toString()).toBe('last');
  });

  it('knows no upload of another key, of another id or after its end', async () => {
    const UploadId = await create();
    const part = await upload(UploadId, 1, Buffer.from('x'));
    await complete(UploadId, [part]);

    const otherKey = refusal(s3.client.send(new ListPartsCommand({ Bucket, Key: 'other', UploadId: await create() })));
    const after = [
      upload(UploadId, 2, Buffer.from('x')),
      complete(UploadId, [part]),
      s3.client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })),
      s3.client.send(new ListPartsCommand({ Bucket, Key, UploadId })),
    ];

    expect(await otherKey).toMatchObject({ name: 'NoSuchUpload' });
    for (const result of await Promise.allSettled(after)) {
      expect(result).toMatchObject({ reason: { name: 'NoSuchUpload' } });
    }
  });

  it('drops the parts of an aborted upload', async () => {
    const UploadId = await create();
    await upload(UploadId, 1, Buffer.from('x'));

    await s3.client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));

    expect(await s3.dataFiles()).toEqual([]);
  });

  it('lets exactly one of several completions create the object', async () => {
    const uploads = await Promise.all(
      Array.from({ length: 4 }, async (_, number) => {
        const UploadId = await create();
        return { UploadId, part: await upload(UploadId, 1, Buffer.from(`writer ${number}`)) };
      }),
    );

    const results = await Promise.allSettled(
      uploads.map(({ UploadId, part }) => complete(UploadId, [part], { IfNoneMatch: '*' })),
    );

    const losers = results.filter(({ status }) => status === 'rejected');
    const winner = results.findIndex(({ status }) => status === 'fulfilled');
    expect(losers).toHaveLength(3);
    for (const loser of losers) expect(loser).toMatchObject({ reason: { name: 'PreconditionFailed' } });
    expect((await bytesOf()).toString()).toBe(`writer ${winner}`);
  });

  it('completes an upload once when two ask at the same time', async () => {
    const UploadId = await create();
    const part = await upload(UploadId, 1, Buffer.from('once'));

    const results = await Promise.allSettled([complete(UploadId, [part]), complete(UploadId, [part])]);

    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await s3.dataFiles()).toHaveLength(1);
  });

  it('lists parts page by page', async () => {
    const UploadId = await create({ ChecksumAlgorithm: 'CRC32' });
    for (const number of [3, 1, 2]) await upload(UploadId, number, Buffer.from(`part ${number}`));

    const first = await s3.client.send(new ListPartsCommand({ Bucket, Key, UploadId, MaxParts: 2 }));
    const second = await s3.client.send(
      new ListPartsCommand({ Bucket, Key, UploadId, PartNumberMarker: first.NextPartNumberMarker }),
    );

    expect(first).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '2', ChecksumAlgorithm: 'CRC32' });
    expect(first.Parts).toMatchObject([
      { PartNumber: 1, Size: 6, ChecksumCRC32: expect.any(String) },
      { PartNumber: 2 },
    ]);
    expect(second).toMatchObject({ IsTruncated: false, Parts: [{ PartNumber: 3 }] });
  });

  it('lists uploads by key, page by page', async () => {
    const ids: Record<string, string> = {};
    for (const key of ['b/2', 'a/1', 'b/1']) ids[key] = await create({ Key: key });

    const first = await s3.client.send(new ListMultipartUploadsCommand({ Bucket, MaxUploads: 2 }));
    const second = await s3.client.send(
      new ListMultipartUploadsCommand({
        Bucket,
        KeyMarker: first.NextKeyMarker,
        UploadIdMarker: first.NextUploadIdMarker,
      }),
    );
    const prefixed = await s3.client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'b/' }));

    expect(first.Uploads?.map(({ Key: key }) => key)).toEqual(['a/1', 'b/1']);
    expect(second.Uploads).toMatchObject([{ Key: 'b/2', UploadId: ids['b/2'] }]);
    expect(prefixed.Uploads?.map(({ Key: key }) => key)).toEqual(['b/1', 'b/2']);
  });

  it('gives the object the checksum of its parts, or of the whole', async () => {
    const first = Buffer.alloc(MIN_PART_BYTES, 'a');
    const last = Buffer.from('b');
    const composite = await create({ ChecksumAlgorithm: 'CRC32' });
    const ofParts = await complete(composite, [await upload(composite, 1, first), await upload(composite, 2, last)]);
    const whole = await create({ ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' });
    const ofWhole = await complete(whole, [await upload(whole, 1, first), await upload(whole, 2, last)]);

    const put = await s3.client.send(
      new PutObjectCommand({ Bucket, Key: 'same', Body: Buffer.concat([first, last]), ChecksumAlgorithm: 'CRC32' }),
    );

    expect(ofParts).toMatchObject({ ChecksumType: 'COMPOSITE', ChecksumCRC32: expect.stringMatching(/==-2$/) });
    expect(ofWhole).toMatchObject({ ChecksumType: 'FULL_OBJECT', ChecksumCRC32: put.ChecksumCRC32 });
  });

  it('asks for the checksum of each part when it needs them', async () => {
    const UploadId = await create({ ChecksumAlgorithm: 'CRC32' });
    const { PartNumber, ETag } = await upload(UploadId, 1, Buffer.from('x'));

    const without = refusal(complete(UploadId, [{ PartNumber, ETag }]));
    const wrong = refusal(complete(UploadId, [{ PartNumber, ETag, ChecksumCRC32: 'AAAAAA==' }]));

    expect(await without).toMatchObject({ name: 'InvalidRequest' });
    expect(await wrong).toMatchObject({ name: 'InvalidPart' });
  });

  it('compares the checksum of the object that a completion brings', async () => {
    const UploadId = await create({ ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' });
    const part = await upload(UploadId, 1, Buffer.from('x'));

    const wrong = refusal(complete(UploadId, [part], { ChecksumCRC32: 'AAAAAA==' }));
    const otherType = refusal(complete(UploadId, [part], { ChecksumType: 'COMPOSITE' }));
    const otherSize = refusal(complete(UploadId, [part], { MpuObjectSize: 2 }));

    expect(await wrong).toMatchObject({ name: 'BadDigest' });
    expect(await otherType).toMatchObject({ name: 'InvalidRequest' });
    expect(await otherSize).toMatchObject({ name: 'InvalidRequest' });
    await complete(UploadId, [part], {
      ChecksumCRC32: part.ChecksumCRC32,
      ChecksumType: 'FULL_OBJECT',
      MpuObjectSize: 1,
    });
    expect((await bytesOf()).toString()).toBe('x');
    expect(await s3.dataFiles()).toHaveLength(1);
  });

  it('refuses part numbers outside 1 to 10,000', async () => {
    const UploadId = await create();

    const refused = refusal(upload(UploadId, 10_001, Buffer.from('x')));

    expect(await refused).toMatchObject({ name: 'InvalidArgument', ArgumentName: 'partNumber' });
  });
});

describe("lib-storage's Upload", () => {
  it('uploads a stream of unknown length in parts', async () => {
    const bytes = Buffer.alloc(2 * MIN_PART_BYTES + 1_000, 'stream of bytes ');
    const Body = Readable.from([bytes.subarray(0, 3_000_000), bytes.subarray(3_000_000)], { objectMode: false });

    const done = await new Upload({ client: s3.client, params: { Bucket, Key, Body }, queueSize: 3 }).done();

    expect(done).toMatchObject({ ETag: expect.stringMatching(/-3"$/), Location: expect.stringContaining(s3.url) });
    expect((await bytesOf()).equals(bytes)).toBe(true);
    expect(await s3.dataFiles()).toHaveLength(1);
  });

  it('sends a small body in one piece', async () => {
    await new Upload({ client: s3.client, params: { Bucket, Key, Body: 'small' } }).done();

    expect((await bytesOf()).toString()).toBe('small');
  });

  it('leaves nothing behind when it is aborted', async () => {
    const bytes = Buffer.alloc(3 * MIN_PART_BYTES, 'x');
    const running = new Upload({ client: s3.client, params: { Bucket, Key, Body: Readable.from([bytes]) } });
    running.on('httpUploadProgress', () => running.abort());

    await expect(running.done()).rejects.toMatchObject({ name: 'AbortError' });

    const uploads = async () => (await s3.client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads;
    await expect.poll(uploads).toBeUndefined();
    await expect.poll(() => s3.dataFiles()).toEqual([]);
  });
});
