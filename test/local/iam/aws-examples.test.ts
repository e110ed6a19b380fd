import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import type { SignedPayload } from '#local/iam/iam.ts';
import { openIam } from '#local/iam/open-iam.ts';
import { receivedRequest } from './signed-request.ts';

/**
 * The examples that AWS publishes with all their signatures:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, sigv4-query-string-auth.html, sigv4-streaming.html
 * and sigv4-streaming-trailers.html
 */
const iam = openIam({
  account: { accountId: '000000000000', region: 'us-east-1' },
  personKeys: {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  },
  now: () => Date.UTC(2013, 4, 24),
});

const authorization = (signedHeaders: string, signature: string): string =>
  `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=${signedHeaders},Signature=${signature}`;

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

it('accepts the GET of a range', () => {
  const request = receivedRequest('GET', '/test.txt', {
    host: 'examplebucket.s3.amazonaws.com',
    range: 'bytes=0-9',
    'x-amz-content-sha256': EMPTY,
    'x-amz-date': '20130524T000000Z',
    authorization: authorization(
      'host;range;x-amz-content-sha256;x-amz-date',
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ),
  });

  expect(iam.authenticateHeaders(request, 's3').payload).toEqual({ type: 'sha256', sha256: EMPTY });
});

it.each([
  ['?lifecycle', 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
  ['?max-keys=2&prefix=J', '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'],
])('accepts the GET of %s', (query, signature) => {
  const request = receivedRequest('GET', `/${query}`, {
    host: 'examplebucket.s3.amazonaws.com',
    'x-amz-content-sha256': EMPTY,
    'x-amz-date': '20130524T000000Z',
    authorization: authorization('host;x-amz-content-sha256;x-amz-date', signature),
  });

  expect(iam.authenticateHeaders(request, 's3').caller.principal.type).toBe('user');
});

it('accepts the presigned URL', () => {
  const url =
    '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404';

  const { payload } = iam.authenticateHeaders(
    receivedRequest('GET', url, { host: 'examplebucket.s3.amazonaws.com' }),
    's3',
  );

  expect(payload).toEqual({ type: 'unsigned' });
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const CHUNKS = [sha256('a'.repeat(65_536)), sha256('a'.repeat(1024)), sha256('')] as const;

const signedChunks = (payload: SignedPayload) => {
  if (payload.type !== 'signed-chunks') throw new Error(`Got ${payload.type}.`);
  return payload;
};

const streamed = (): SignedPayload =>
  iam.authenticateHeaders(
    receivedRequest('PUT', '/examplebucket/chunkObject.txt', {
      host: 's3.amazonaws.com',
      'x-amz-date': '20130524T000000Z',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': '66560',
      'content-length': '66824',
      authorization: authorization(
        'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class',
        '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
      ),
    }),
    's3',
  ).payload;

const SIGNATURES = [
  'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
  '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
  'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
] as const;

it('accepts the chunks of the streamed upload in their order, and no other', () => {
  const { hasTrailer, verifier } = signedChunks(streamed());

  expect(hasTrailer).toBe(false);
  for (const [index, chunk] of CHUNKS.entries()) verifier.verifyChunk(chunk, SIGNATURES[index]!);
  const swapped = signedChunks(streamed()).verifier;
  expect(() => swapped.verifyChunk(CHUNKS[1], SIGNATURES[1])).toThrow(expect.objectContaining({ kind: 'signature' }));
  const changed = signedChunks(streamed()).verifier;
  expect(() => changed.verifyChunk(sha256('b'), SIGNATURES[0])).toThrow(expect.objectContaining({ kind: 'signature' }));
});

it('accepts the streamed upload with a trailer, and no other trailer', () => {
  const upload = () =>
    signedChunks(
      iam.authenticateHeaders(
        receivedRequest('PUT', '/examplebucket/chunkObject.txt', {
          host: 's3.amazonaws.com',
          'x-amz-date': '20130524T000000Z',
          'x-amz-storage-class': 'REDUCED_REDUNDANCY',
          'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
          'content-encoding': 'aws-chunked',
          'x-amz-decoded-content-length': '66560',
          'x-amz-trailer': 'x-amz-checksum-crc32c',
          authorization: authorization(
            'content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer',
            '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
          ),
        }),
        's3',
      ).payload,
    );
  const signatures = [
    'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
    '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
    '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
  ];
  const trailerSignature = 'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435';
  const sent = ({ verifier }: ReturnType<typeof upload>, trailer: string): void => {
    for (const [index, chunk] of CHUNKS.entries()) verifier.verifyChunk(chunk, signatures[index]!);
    verifier.verifyTrailer(trailer, trailerSignature);
  };

  sent(upload(), 'x-amz-checksum-crc32c:sOO8/Q==\n');
  expect(upload().hasTrailer).toBe(true);
  expect(() => sent(upload(), 'x-amz-checksum-crc32c:AAAA/Q==\n')).toThrow(
    expect.objectContaining({ kind: 'signature' }),
  );
});
