import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startS3 } from '#local/s3/start-s3.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { testIam } from '#test/local/iam/test-iam.ts';
import { clientOf, openS3 } from '#test/local/s3/open-s3.ts';
import { signed } from '#test/local/s3/raw-request.ts';

const Bucket = 'durable';
let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 's3-durability-'));
});

afterEach(() => rm(dataDir, { recursive: true, force: true }));

const dataFiles = (): Promise<string[]> => readdir(join(dataDir, 'data'));

/** Starts an upload of 1 MB, sends half of it and waits until it has reached the disk. */
const halfUpload = async (url: string, key: string) => {
  const path = `/${Bucket}/${key}`;
  const headers = { 'content-length': String(1024 ** 2), 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
  const sent = request(url, { method: 'PUT', ...(await signed(url, { method: 'PUT', path, headers })) });
  sent.on('error', () => {});
  const before = (await dataFiles()).length;
  sent.write(Buffer.alloc(512 * 1024));
  await expect.poll(async () => (await dataFiles()).length).toBe(before + 1);
  return sent;
};

const startChild = async (): Promise<{ child: ChildProcess; url: string }> => {
  const child = fork(new URL('./serve-s3.ts', import.meta.url), [dataDir], { execArgv: [] });
  const [url] = await once(child, 'message');
  return { child, url };
};

describe('what a restart finds', () => {
  it('keeps buckets, objects, tags and started uploads', async () => {
    const first = await openS3({ dataDir });
    await first.client.send(new CreateBucketCommand({ Bucket }));
    await first.client.send(
      new PutObjectCommand({ Bucket, Key: 'k', Body: 'kept', Metadata: { a: 'b' }, Tagging: 't=1' }),
    );
    const { UploadId } = await first.client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
    await first.client.send(new UploadPartCommand({ Bucket, Key: 'parts', UploadId, PartNumber: 1, Body: 'part' }));
    await first.close();

    await using second = await openS3({ dataDir });

    const got = await second.client.send(new GetObjectCommand({ Bucket, Key: 'k' }));
    const { Parts } = await second.client.send(new ListPartsCommand({ Bucket, Key: 'parts', UploadId }));
    expect(got).toMatchObject({ Metadata: { a: 'b' }, TagCount: 1 });
    expect(await got.Body?.transformToString()).toBe('kept');
    expect(Parts).toMatchObject([{ PartNumber: 1, Size: 4 }]);
  });

  it('removes what a killed process left half-written and keeps what it had answered', async () => {
    const { child, url } = await startChild();
    const client = clientOf(url);
    await client.send(new CreateBucketCommand({ Bucket }));
    await client.send(new PutObjectCommand({ Bucket, Key: 'answered', Body: 'kept' }));
    await halfUpload(url, 'half');
    child.kill('SIGKILL');
    await once(child, 'exit');
    client.destroy();
    expect(await dataFiles()).toHaveLength(2);

    await using s3 = await openS3({ dataDir });

    const { Contents } = await s3.client.send(new ListObjectsV2Command({ Bucket }));
    expect(Contents).toMatchObject([{ Key: 'answered', Size: 4 }]);
    expect(await dataFiles()).toHaveLength(1);
  });

  it('refuses a folder that another server has open', async () => {
    await using _first = await openS3({ dataDir });

    await expect(openS3({ dataDir })).rejects.toThrow(/in use by another process/);
  });

  it('lets go of its folder when its port is taken', async () => {
    await using other = await openS3();
    const port = Number(new URL(other.url).port);

    const taken = startS3({ dataDir, port, account: LOCAL_ACCOUNT, iam: testIam() });

    await expect(taken).rejects.toMatchObject({ name: 'PortInUseError' });
    await using s3 = await openS3({ dataDir });
    expect(s3.url).not.toBe(other.url);
  });

  it('closes twice without complaint, also in the middle of an upload', async () => {
    const s3 = await openS3({ dataDir });
    await s3.client.send(new CreateBucketCommand({ Bucket }));
    await halfUpload(s3.url, 'half');

    await s3.close();
    await s3.close();

    expect(await dataFiles()).toEqual([]);
  });
});

describe('what readers and writers see', () => {
  it('shows nothing of an upload that is under way, and leaves nothing of one that breaks off', async () => {
    await using s3 = await openS3({ dataDir });
    await s3.client.send(new CreateBucketCommand({ Bucket }));
    const sent = await halfUpload(s3.url, 'half');

    const { KeyCount } = await s3.client.send(new ListObjectsV2Command({ Bucket }));
    sent.destroy();

    expect(KeyCount).toBe(0);
    await expect.poll(dataFiles).toEqual([]);
    await expect(s3.client.send(new GetObjectCommand({ Bucket, Key: 'half' }))).rejects.toMatchObject({
      name: 'NoSuchKey',
    });
  });

  it('lets a reader finish the object that is replaced and deleted meanwhile', async () => {
    await using s3 = await openS3({ dataDir });
    await s3.client.send(new CreateBucketCommand({ Bucket }));
    const old = Buffer.alloc(8_000_000, 'old');
    await s3.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: old }));
    const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'k' }));

    await s3.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'new' }));
    await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));

    expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(old)).toBe(true);
    await expect.poll(dataFiles).toEqual([]);
  });

  it('never shows a mix of two objects to readers while writers replace it', async () => {
    await using s3 = await openS3({ dataDir });
    await s3.client.send(new CreateBucketCommand({ Bucket }));
    const write = (sign: string) =>
      s3.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: Buffer.alloc(300_000, sign), Metadata: { sign } }));
    await write('0');

    const writes = Array.from({ length: 20 }, (_, number) => write(String(number % 10)));
    const reads = Array.from({ length: 20 }, async () => {
      const { Body, Metadata } = await s3.client.send(
        new GetObjectCommand({ Bucket, Key: 'k', ChecksumMode: 'ENABLED' }),
      );
      return { text: (await Body?.transformToString()) ?? '', sign: Metadata?.sign ?? '' };
    });

    for (const { text, sign } of await Promise.all(reads)) expect(text).toBe(sign.repeat(300_000));
    await Promise.all(writes);
    await expect.poll(dataFiles).toHaveLength(1);
  });

  it('keeps a copy when its source is deleted', async () => {
    await using s3 = await openS3({ dataDir });
    await s3.client.send(new CreateBucketCommand({ Bucket }));
    await s3.client.send(new PutObjectCommand({ Bucket, Key: 'source', Body: 'bytes' }));
    await s3.client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/source` }));

    await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'source' }));

    const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'copy' }));
    expect(await Body?.transformToString()).toBe('bytes');
  });

  it.each([
    ['gone', (path: string) => rm(path)],
    ['cut short', (path: string) => truncate(path, 3)],
  ])('answers InternalError, not half an object, when a data file is %s', async (_, damage) => {
    await using s3 = await openS3({ dataDir });
    await s3.client.send(new CreateBucketCommand({ Bucket }));
    await s3.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'bytes' }));
    for (const name of await dataFiles()) await damage(join(dataDir, 'data', name));

    const got = s3.client.send(new GetObjectCommand({ Bucket, Key: 'k' }));

    await expect(got).rejects.toMatchObject({ name: 'InternalError' });
  });
});

describe('memory', () => {
  it('stays flat while 200 MB go up and down', async () => {
    const sizeBytes = 200 * 1024 ** 2;
    const { child, url } = await startChild();
    const client = clientOf(url);
    const peakBytes = async (): Promise<number> => {
      child.send('usage');
      const [used] = await once(child, 'message');
      return used.peakBytes;
    };
    await client.send(new CreateBucketCommand({ Bucket }));
    await client.send(new PutObjectCommand({ Bucket, Key: 'warm-up', Body: Buffer.alloc(1024 ** 2) }));
    const before = await peakBytes();

    await client.send(
      new PutObjectCommand({ Bucket, Key: 'big', Body: Readable.from(zeros(sizeBytes)), ContentLength: sizeBytes }),
    );
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'big' }));
    let readBytes = 0;
    for await (const chunk of Body as Readable) readBytes += chunk.length;

    const growth = (await peakBytes()) - before;
    client.destroy();
    child.kill();
    await once(child, 'exit');
    expect(readBytes).toBe(sizeBytes);
    expect(growth).toBeLessThan(80 * 1024 ** 2);
  });
});

function* zeros(sizeBytes: number): Generator<Buffer> {
  const chunk = Buffer.alloc(1024 ** 2);
  for (let sent = 0; sent < sizeBytes; sent += chunk.length) yield chunk;
}
