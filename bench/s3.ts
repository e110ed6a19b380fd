import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { PERSON } from '#test/local/iam/test-iam.ts';

/**
 * Measures the laptop's S3 through its real client, with the server in a process of its own: `node bench/s3.ts`.
 * Client and server share the machine, so each row is the speed of both together.
 */
const Bucket = 'bench';
const STREAM_BYTES = 256 * 1024 ** 2;
const SMALL_OBJECTS = 10_000;
const CONCURRENCY = 16;

const bench = async (): Promise<void> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'bench-s3-'));
  const server = fork(new URL('../test/local/s3/serve-s3.ts', import.meta.url), [dataDir]);
  const [endpoint] = await once(server, 'message');
  const client = new S3Client({
    endpoint,
    region: LOCAL_ACCOUNT.region,
    credentials: PERSON,
  });
  try {
    await client.send(new CreateBucketCommand({ Bucket }));
    console.log(`${cpus().length} cores, ${cpus()[0]?.model}, Node ${process.version}`);
    await megabytesPerSecond('PutObject of a 256 MB stream', () => putStream(client));
    await megabytesPerSecond('GetObject of 256 MB', () => getStream(client));
    await megabytesPerSecond('Upload of a 256 MB stream in parts of 8 MB', () => uploadParts(client));
    const calls = callsPerSecond(server);
    await calls('PutObject of 1 KB, one after the other', 1_000, 1, (n) => putSmall(client, `one/${n}`));
    await calls('PutObject of 1 KB, 16 at a time', SMALL_OBJECTS, CONCURRENCY, (n) => putSmall(client, `many/${n}`));
    await calls('GetObject of 1 KB, 16 at a time', 10_000, CONCURRENCY, (n) => getSmall(client, `many/${n}`));
    await milliseconds('ListObjectsV2 of 10,000 keys in 10 pages', () => listAll(client));
    console.log(`server's peak memory: ${Math.round((await usage(server)).peakBytes / 1024 ** 2)} MB`);
  } finally {
    client.destroy();
    server.kill();
    await rm(dataDir, { recursive: true, force: true });
  }
};

const putStream = (client: S3Client) =>
  client.send(
    new PutObjectCommand({ Bucket, Key: 'stream', Body: Readable.from(chunks()), ContentLength: STREAM_BYTES }),
  );

const getStream = async (client: S3Client): Promise<void> => {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'stream' }));
  for await (const _ of Body as Readable);
};

const uploadParts = (client: S3Client) =>
  new Upload({
    client,
    params: { Bucket, Key: 'parts', Body: Readable.from(chunks(), { objectMode: false }) },
    partSize: 8 * 1024 ** 2,
  }).done();

function* chunks(): Generator<Buffer> {
  const chunk = Buffer.alloc(1024 ** 2, 'bytes of a column, ');
  for (let sent = 0; sent < STREAM_BYTES; sent += chunk.length) yield chunk;
}

const putSmall = (client: S3Client, Key: string) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body: 'x'.repeat(1_024) }));

const getSmall = async (client: S3Client, Key: string) =>
  (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();

const listAll = async (client: S3Client): Promise<void> => {
  let ContinuationToken: string | undefined;
  do {
    const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'many/', ContinuationToken }));
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken);
};

const RUNS = 3;

/** The best of three runs: the others were disturbed by something else. */
const bestSeconds = async (run: () => Promise<unknown>): Promise<number> => {
  let best = Number.POSITIVE_INFINITY;
  for (let count = 0; count < RUNS; count++) {
    const start = performance.now();
    await run();
    best = Math.min(best, (performance.now() - start) / 1_000);
  }
  return best;
};

const megabytesPerSecond = async (name: string, run: () => Promise<unknown>): Promise<void> =>
  console.log(`${name}: ${Math.round(STREAM_BYTES / 1e6 / (await bestSeconds(run)))} MB/s`);

const milliseconds = async (name: string, run: () => Promise<unknown>): Promise<void> =>
  console.log(`${name}: ${Math.round((await bestSeconds(run)) * 1_000)} ms`);

/** How many calls a second, and the CPU time that the server takes for one. */
const callsPerSecond =
  (server: ChildProcess) =>
  async (name: string, count: number, concurrency: number, call: (number: number) => Promise<unknown>) => {
    const before = await usage(server);
    const start = performance.now();
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < count) await call(next++);
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    const seconds = (performance.now() - start) / 1_000;
    const cpuMs = ((await usage(server)).cpuMicroseconds - before.cpuMicroseconds) / 1_000 / count;
    console.log(`${name}: ${Math.round(count / seconds)}/s, ${cpuMs.toFixed(2)} ms of the server's CPU each`);
  };

const usage = async (server: ChildProcess): Promise<{ peakBytes: number; cpuMicroseconds: number }> => {
  server.send('usage');
  const [used] = await once(server, 'message');
  return used;
};

await bench();
