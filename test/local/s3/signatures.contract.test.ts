import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PERSON } from '#test/local/iam/test-iam.ts';
import { clientOf, type OpenS3, openS3, refusal } from './open-s3.ts';
import { type RawRequest, rawRequest, signed } from './raw-request.ts';
import { signedChunks } from './signed-chunks.ts';

const Bucket = 'guarded';
const Key = 'secret';
const MINUTE_MS = 60_000;
let s3: OpenS3;
const clients: S3Client[] = [];

beforeAll(async () => {
  s3 = await openS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
  await s3.client.send(new PutObjectCommand({ Bucket, Key, Body: 'rows' }));
});

afterAll(async () => {
  for (const client of clients) client.destroy();
  await s3[Symbol.asyncDispose]();
});

const raw = (request: RawRequest) => rawRequest(s3.url, request);
const exists = (key: string) =>
  s3.client.send(new HeadObjectCommand({ Bucket, Key: key })).then(
    () => true,
    () => false,
  );

const clientWith = (keys: Partial<typeof PERSON>): S3Client => {
  const client = clientOf(s3.url, { ...PERSON, ...keys });
  clients.push(client);
  return client;
};

describe('whoever has no keys', () => {
  it.each([
    ['GET', '/'],
    ['PUT', '/new-bucket'],
    ['HEAD', `/${Bucket}`],
    ['GET', `/${Bucket}`],
    ['GET', `/${Bucket}?list-type=2`],
    ['GET', `/${Bucket}?uploads`],
    ['GET', `/${Bucket}?policy`],
    ['PUT', `/${Bucket}?notification`],
    ['POST', `/${Bucket}?delete`],
    ['POST', `/${Bucket}`],
    ['DELETE', `/${Bucket}`],
    ['GET', `/${Bucket}/${Key}`],
    ['GET', `/${Bucket}/missing`],
    ['GET', '/missing-bucket/k'],
    ['HEAD', `/${Bucket}/${Key}`],
    ['PUT', `/${Bucket}/${Key}`],
    ['DELETE', `/${Bucket}/${Key}`],
    ['POST', `/${Bucket}/${Key}?uploads`],
    ['PUT', `/${Bucket}/${Key}?uploadId=u&partNumber=1`],
    ['POST', `/${Bucket}/${Key}?uploadId=u`],
    ['DELETE', `/${Bucket}/${Key}?uploadId=u`],
    ['GET', `/${Bucket}/${Key}?uploadId=u`],
    ['GET', `/${Bucket}/${Key}?tagging`],
    ['PUT', `/${Bucket}/${Key}?tagging`],
    ['DELETE', `/${Bucket}/${Key}?tagging`],
  ])('is refused: %s %s', async (method, path) => {
    const nothing = await raw({ method, path, keys: null });
    const nonsense = await raw({ method, path, keys: null, headers: { authorization: 'AWS4-HMAC-SHA256 x' } });

    expect(nothing.statusCode).toBe(403);
    expect(nonsense.statusCode).toBe(400);
    if (method !== 'HEAD')
      expect([nothing.code, nonsense.code]).toEqual(['AccessDenied', 'AuthorizationHeaderMalformed']);
    expect(nothing.body).not.toMatch(/rows|missing does not exist/);
  });
});

describe('a signature', () => {
  it('of another secret does not match, and what was to be signed is shown', async () => {
    const error = await refusal(clientWith({ secretAccessKey: 'guessed' }).send(new GetObjectCommand({ Bucket, Key })));

    expect(error).toMatchObject({
      name: 'SignatureDoesNotMatch',
      StringToSign: expect.stringMatching(/^AWS4-HMAC-SHA256\n/),
      CanonicalRequest: expect.stringContaining(`/${Bucket}/${Key}`),
      $metadata: { httpStatusCode: 403, attempts: 1 },
    });
  });

  it.each([
    ['an unknown key', { accessKeyId: 'AKIASTRANGER00000001' }, 'InvalidAccessKeyId', 403],
    ["a token that isn't the key's", { sessionToken: 'a.b' }, 'InvalidToken', 400],
  ])('by %s is refused by name', async (_, keys, name, httpStatusCode) => {
    const error = await refusal(clientWith(keys).send(new GetObjectCommand({ Bucket, Key })));

    expect(error).toMatchObject({ name, $metadata: { httpStatusCode } });
  });

  it("of another region names the bucket's", async () => {
    const { headers } = await signed(s3.url, { path: `/${Bucket}/${Key}` }, { keys: PERSON, region: 'us-east-1' });
    const answer = await raw({ path: `/${Bucket}/${Key}`, keys: null, headers });

    expect(answer).toMatchObject({ statusCode: 400, code: 'AuthorizationHeaderMalformed' });
    expect(answer.body).toContain('<Region>eu-central-1</Region>');
  });

  it.each<[string, Partial<RawRequest>]>([
    ['path', { tamper: (sent) => ({ ...sent, path: sent.path.replace(Key, 'other') }) }],
    ['query', { tamper: (sent) => ({ ...sent, path: `${sent.path}?tagging` }) }],
    ['signed header', { tamper: (sent) => ({ ...sent, headers: { ...sent.headers, 'x-amz-meta-a': '2' } }) }],
  ])('of another %s does not match', async (_, tampered) => {
    const answer = await raw({ path: `/${Bucket}/${Key}`, headers: { 'x-amz-meta-a': '1' }, ...tampered });

    expect(answer).toMatchObject({ statusCode: 403, code: 'SignatureDoesNotMatch' });
  });

  it('covers each header of AWS', async () => {
    const tagging = { 'x-amz-tagging': 'team=finance' };

    const answer = await raw({
      method: 'PUT',
      path: `/${Bucket}/unsigned-header`,
      tamper: (sent) => ({ ...sent, headers: { ...sent.headers, ...tagging } }),
    });

    expect(answer).toMatchObject({ statusCode: 403, code: 'AccessDenied' });
    expect(answer.body).toContain('<HeadersNotSigned>x-amz-tagging</HeadersNotSigned>');
  });

  it('reads a plus in the query as the plus that was signed', async () => {
    const { body } = await raw({
      path: `/${Bucket}`,
      query: { 'list-type': '2', prefix: 'a+b' },
      tamper: (sent) => ({ ...sent, path: sent.path.replace('%2B', '+') }),
    });

    expect(body).toContain('<Prefix>a+b</Prefix>');
  });

  it('is 15 minutes old at most, and says by which clock', async () => {
    const at = (offsetMs: number) => raw({ path: `/${Bucket}/${Key}`, at: new Date(Date.now() + offsetMs) });

    const [early, late, tooEarly, tooLate] = await Promise.all(
      [14, -14, 16, -16].map((minutes) => at(minutes * MINUTE_MS)),
    );

    expect([early!.body, late!.body]).toEqual(['rows', 'rows']);
    for (const refused of [tooEarly!, tooLate!]) {
      expect(refused).toMatchObject({ statusCode: 403, code: 'RequestTimeTooSkewed' });
      expect(refused.body).toMatch(/<RequestTime>.*<ServerTime>.*<MaxAllowedSkewMilliseconds>900000</);
    }
  });
});

describe('a presigned URL', () => {
  const path = `/${Bucket}/${Key}`;

  it('is good until it expires', async () => {
    const fresh = await raw({ path, expiresIn: 60, query: { 'response-content-type': 'text/csv' } });
    const expired = await raw({ path, expiresIn: 60, at: new Date(Date.now() - 2 * MINUTE_MS) });

    expect(fresh).toMatchObject({ statusCode: 200, body: 'rows' });
    expect(expired).toMatchObject({ statusCode: 403, code: 'AccessDenied' });
    expect(expired.body).toContain('<Message>Request has expired</Message>');
  });

  it('is for its method, its object and its query', async () => {
    const asOther = await raw({
      path,
      expiresIn: 60,
      tamper: (sent) => ({ ...sent, path: sent.path.replace(Key, 'k') }),
    });
    const longer = await raw({
      path,
      expiresIn: 60,
      tamper: (sent) => ({ ...sent, path: sent.path.replace('X-Amz-Expires=60', 'X-Amz-Expires=600') }),
    });
    const { path: url, headers } = await signed(s3.url, { path }, { keys: PERSON, expiresIn: 60 });
    const asPut = await raw({ method: 'PUT', path: url, headers, keys: null, body: 'replaced' });

    for (const refused of [asOther, longer, asPut]) {
      expect(refused).toMatchObject({ statusCode: 403, code: 'SignatureDoesNotMatch' });
    }
    expect((await raw({ path })).body).toBe('rows');
  });

  it('is complete, and good for a week at most', async () => {
    const incomplete = await raw({ path, query: { 'X-Amz-Signature': '00' }, keys: null });
    const tooLong = await raw({
      path,
      expiresIn: 60,
      tamper: (sent) => ({ ...sent, path: sent.path.replace('X-Amz-Expires=60', 'X-Amz-Expires=604801') }),
    });

    expect(incomplete).toMatchObject({ statusCode: 400, code: 'AuthorizationQueryParametersError' });
    expect(tooLong).toMatchObject({ statusCode: 400, code: 'AuthorizationQueryParametersError' });
    expect(tooLong.body).toContain('less than a week');
  });
});

describe('a body', () => {
  it('is the one that was signed', async () => {
    const answer = await raw({
      method: 'PUT',
      path: `/${Bucket}/swapped`,
      body: 'honest',
      tamper: (sent) => ({ ...sent, body: 'forged' }),
    });

    expect(answer).toMatchObject({ statusCode: 400, code: 'XAmzContentSHA256Mismatch' });
    expect(await exists('swapped')).toBe(false);
  });

  it('of XML is the one that was signed', async () => {
    const document = (key: string) => `<Delete><Object><Key>${key}</Key></Object></Delete>`;

    const answer = await raw({
      method: 'POST',
      path: `/${Bucket}`,
      query: { delete: '' },
      body: document('absent'),
      tamper: (sent) => ({ ...sent, body: document(Key) }),
    });

    expect(answer).toMatchObject({ statusCode: 400, code: 'XAmzContentSHA256Mismatch' });
    expect(await exists(Key)).toBe(true);
  });

  it('is declared: its digest, or a word for it', async () => {
    const { headers, path } = await signed(s3.url, { method: 'PUT', path: `/${Bucket}/undeclared` });
    const without = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'x-amz-content-sha256'));

    const answer = await raw({ method: 'PUT', path, headers: without, keys: null });

    expect(answer.statusCode).toBeGreaterThanOrEqual(400);
    expect(await exists('undeclared')).toBe(false);
  });
});

describe('a body in signed chunks', () => {
  const CHUNKS = ['first chunk, ', 'second chunk, ', 'last chunk'];
  const LENGTH = String(CHUNKS.join('').length);
  const CRC32 = { name: 'x-amz-checksum-crc32', value: 'QipKLw==' };

  const upload = async (
    key: string,
    change: (frames: string[]) => string[] = (frames) => frames,
    trailer?: typeof CRC32,
  ) => {
    const suffix = trailer ? '-TRAILER' : '';
    const headers = {
      'content-encoding': 'aws-chunked',
      'x-amz-content-sha256': `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${suffix}`,
      'x-amz-decoded-content-length': LENGTH,
      ...(trailer && { 'x-amz-trailer': trailer.name }),
    };
    const target = await signed(s3.url, { method: 'PUT', path: `/${Bucket}/${key}`, headers });
    const body = change(signedChunks(target.headers, CHUNKS, trailer)).join('');
    return raw({ method: 'PUT', ...target, body, keys: null });
  };

  it('is stored as it was signed, with and without a trailer', async () => {
    const plain = await upload('chunks/plain');
    const withTrailer = await upload('chunks/trailer', undefined, CRC32);

    expect([plain, withTrailer].map(({ statusCode, code }) => [statusCode, code])).toEqual([
      [200, undefined],
      [200, undefined],
    ]);
    expect((await raw({ path: `/${Bucket}/chunks/plain` })).body).toBe(CHUNKS.join(''));
  });

  it.each<[string, (frames: string[]) => string[], typeof CRC32?]>([
    ['whose byte was changed', ([first, ...rest]) => [first!.replace('first', 'First'), ...rest]],
    ['whose order was changed', ([first, second, ...rest]) => [second!, first!, ...rest]],
    ['whose last bytes were changed', (frames) => frames.map((frame) => frame.replace('last', 'lost'))],
    ['without signatures', (frames) => frames.map((frame) => frame.replace(/;chunk-signature=\w+/, ''))],
    ['whose end is not signed', (frames) => [...frames.slice(0, -1), `0;chunk-signature=${'0'.repeat(64)}\r\n\r\n`]],
    ['whose trailer was changed', (frames) => frames.map((frame) => frame.replace('QipKLw', 'AAAAAA')), CRC32],
    [
      'whose trailer is not signed',
      (frames) => frames.map((frame) => frame.replace(/x-amz-trailer-signature.*\r\n/, '')),
      CRC32,
    ],
  ])('is refused: one %s', async (_, change, trailer) => {
    const before = await s3.dataFiles();

    const answer = await upload('chunks/forged', change, trailer);

    expect(answer).toMatchObject({ statusCode: 403, code: 'SignatureDoesNotMatch' });
    expect(await exists('chunks/forged')).toBe(false);
    expect(await s3.dataFiles()).toEqual(before);
  });
});

describe('a client that expects 100 Continue', () => {
  const put = async (tamper: (head: string) => string) => {
    const { path, headers } = await signed(s3.url, {
      method: 'PUT',
      path: `/${Bucket}/expected`,
      headers: { expect: '100-continue', 'content-length': '5', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const socket = connect(Number(new URL(s3.url).port), '127.0.0.1');
    socket.write(tamper(`PUT ${path} HTTP/1.1\r\n${lines.join('')}\r\n`));
    const answer = String((await once(socket, 'data'))[0]);
    return { socket, answer };
  };

  it('hears it once its signature was verified', async () => {
    const { socket, answer } = await put((head) => head);

    socket.write('bytes');

    expect(answer).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
  });

  it('hears that it is refused, and no more', async () => {
    const { socket, answer } = await put((head) => head.replace('/expected', '/forged'));

    expect(answer).toMatch(/^HTTP\/1\.1 403 .*SignatureDoesNotMatch/s);
    socket.destroy();
  });

  it('is what the SDK does with a large stream', async () => {
    const Body = Readable.from([Buffer.alloc(6 * 1024 ** 2)]);

    const error = await refusal(
      clientWith({ secretAccessKey: 'guessed' }).send(
        new PutObjectCommand({ Bucket, Key: 'large', Body, ContentLength: 6 * 1024 ** 2 }),
      ),
    );

    expect(error).toMatchObject({ name: 'SignatureDoesNotMatch' });
  });
});
