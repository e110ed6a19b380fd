import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { s3ObjectStore } from '#shared/object-store/s3.ts';

const OBJECT = Buffer.from(Array.from({ length: 400_000 }, (_, index) => index % 251));
const URI = 's3://store/runs/part.csv';

/** How many bytes each connection gives before its fault. */
let faults: { readonly afterBytes: number; readonly how: 'reset' | 'silence' }[];
let etag: string;
let ranges: (string | undefined)[];

const server = createServer((request, response) => {
  const { range, 'if-match': ifMatch } = request.headers;
  ranges.push(range);
  if (ifMatch !== undefined && ifMatch !== etag) {
    return void response.writeHead(412).end('<Error><Code>PreconditionFailed</Code></Error>');
  }
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  const rest = OBJECT.subarray(from);
  response.writeHead(range ? 206 : 200, { etag, 'content-length': rest.length });
  const fault = faults.shift();
  if (!fault) return void response.end(rest);
  response.write(rest.subarray(0, fault.afterBytes), () => {
    if (fault.how === 'reset') setTimeout(() => reset(response), 20);
  });
});
const reset = (response: ServerResponse): void => void response.socket?.resetAndDestroy();

let client: S3Client;
beforeEach(async () => {
  faults = [];
  ranges = [];
  etag = '"one"';
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    forcePathStyle: true,
  });
});
afterEach(async () => {
  client.destroy();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const store = () => s3ObjectStore(client, undefined, { idleMs: 150, pausesMs: [1, 1] });
const read = async () => buffer(await store().getStream(URI));

describe('a body of S3', () => {
  it.each(['reset', 'silence'] as const)('goes on at the same byte after a %s', async (how) => {
    faults = [
      { afterBytes: 100_000, how },
      { afterBytes: 50_000, how },
    ];

    expect((await read()).equals(OBJECT)).toBe(true);
    expect(ranges[0]).toBeUndefined();
    expect(ranges).toHaveLength(3);
  });

  it('is read as text in the same way', async () => {
    faults = [{ afterBytes: 1_000, how: 'reset' }];

    expect((await store().getText(URI)).text).toBe(OBJECT.toString('utf8'));
  });

  it.each(['reset', 'silence'] as const)('fails by name when each try ends in a %s without a byte', async (how) => {
    faults = Array.from({ length: 5 }, () => ({ afterBytes: 0, how }));

    await expect(read()).rejects.toMatchObject({
      name: 'ObjectReadError',
      message: expect.stringContaining(`Reading ${URI} broke off after 0 bytes`),
    });
    expect(ranges).toHaveLength(3);
  });

  it('is never of two versions', async () => {
    faults = [{ afterBytes: 100_000, how: 'reset' }];
    const stream = await store().getStream(URI);
    etag = '"two"';

    await expect(buffer(stream)).rejects.toMatchObject({ name: 'ObjectChangedError' });
  });

  it('waits as long as its reader does', async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of (await store().getStream(URI)) as AsyncIterable<Buffer>) {
      if (chunks.length === 0) await new Promise((resolve) => setTimeout(resolve, 400));
      chunks.push(chunk);
    }

    expect(Buffer.concat(chunks).equals(OBJECT)).toBe(true);
    expect(ranges).toHaveLength(1);
  });

  it('is not read on when its reader has had enough', async () => {
    const stream = await store().getStream(URI);
    for await (const _ of stream) break;

    expect(stream.destroyed).toBe(true);
    expect(ranges).toHaveLength(1);
  });
});
