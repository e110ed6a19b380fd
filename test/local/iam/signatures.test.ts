import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SignatureError } from '#local/iam/errors.ts';
import { openIam } from '#local/iam/open-iam.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { altered, receivedRequest, type SignOptions, signedRequest, type Unsigned } from './signed-request.ts';
import { PERSON } from './test-iam.ts';

const NOW = Date.UTC(2026, 10, 30, 12);
const iam = openIam({ account: LOCAL_ACCOUNT, personKeys: PERSON, now: () => NOW });
const ROLE = 'arn:aws:iam::000000000000:role/some/path/resolve-run';

const sign = (unsigned: Unsigned = {}, options: Partial<SignOptions> = {}) =>
  signedRequest(unsigned, { keys: PERSON, at: new Date(NOW), ...options });

/** The error by which a request is refused. */
const refusal = (act: () => unknown): SignatureError => {
  try {
    act();
  } catch (error) {
    if (error instanceof SignatureError) return error;
    throw error;
  }
  throw new Error('Nothing was refused.');
};

const refused = (request: Awaited<ReturnType<typeof sign>>, { service = 'states', body = '' } = {}) =>
  refusal(() => iam.authenticate(request, service, Buffer.from(body)));

const refusedUnread = (request: Awaited<ReturnType<typeof sign>>, service = 's3') =>
  refusal(() => iam.authenticateHeaders(request, service));

describe('who signs', () => {
  it('is a session of a role, with keys that stay the same', async () => {
    const keys = iam.sessionKeys(ROLE, 'resolveRun');

    expect(iam.sessionKeys(ROLE, 'resolveRun')).toEqual(keys);
    expect(keys.accessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
    expect(iam.authenticate(await sign({}, { keys }), 'states', Buffer.alloc(0)).principal).toEqual({
      type: 'role',
      arn: 'arn:aws:sts::000000000000:assumed-role/resolve-run/resolveRun',
      roleArn: ROLE,
    });
  });

  it('is a service on behalf of a resource', async () => {
    const keys = iam.serviceKeys('events.amazonaws.com', 'arn:aws:events:eu-central-1:000000000000:rule/r');

    expect(iam.authenticate(await sign({}, { keys }), 'states', Buffer.alloc(0)).principal).toEqual({
      type: 'service',
      service: 'events.amazonaws.com',
      sourceArn: 'arn:aws:events:eu-central-1:000000000000:rule/r',
    });
  });

  it('has other keys for each session, role and start', () => {
    const ids = [
      iam.sessionKeys(ROLE, 'a'),
      iam.sessionKeys(ROLE, 'b'),
      iam.sessionKeys(`${ROLE}2`, 'a'),
      openIam({ account: LOCAL_ACCOUNT }).sessionKeys(ROLE, 'a'),
    ].flatMap(({ accessKeyId, secretAccessKey, sessionToken }) => [accessKeyId, secretAccessKey, sessionToken]);

    expect(new Set(ids).size).toBe(ids.length);
  });

  it('makes keys only for what is the ARN of a role', () => {
    expect(() => iam.sessionKeys('arn:aws:iam::000000000000:user/u', 's')).toThrow(
      'arn:aws:iam::000000000000:user/u is not the ARN of a role.',
    );
  });

  it('is the person by keys that are random unless they are given', () => {
    const [first, second] = [openIam({ account: LOCAL_ACCOUNT }), openIam({ account: LOCAL_ACCOUNT })];

    expect(first.personKeys.accessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/);
    expect(first.personKeys).not.toEqual(second.personKeys);
    expect(iam.personKeys).toEqual(PERSON);
  });
});

describe('a request is refused', () => {
  it('without a signature, in the words of the service', () => {
    const request = receivedRequest('POST', '/', { host: '127.0.0.1' });

    expect(refused(request)).toMatchObject({ kind: 'missing', message: 'Missing Authentication Token' });
    expect(refusedUnread(request)).toMatchObject({ kind: 'missing', message: 'Access Denied' });
  });

  it.each([
    [
      'AWS4-HMAC-SHA256 Credential=a/20261130/eu-central-1/states/aws4_request',
      'malformed',
      "requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.",
    ],
    ['AWS4-HMAC-SHA256', 'malformed', "Authorization header has 'AWS4-HMAC-SHA256'."],
    ['AWS4-HMAC-SHA256 Credential=a/b,SignedHeaders=host,Signature=0', 'malformed', 'the Credential is mal-formed'],
    [
      'AWS4-HMAC-SHA256 Credential=a/20261130//states/aws4_request,SignedHeaders=host,Signature=0',
      'malformed',
      'the Credential is mal-formed',
    ],
    ['AWS4-HMAC-SHA256 Credential=a,Credential=b,SignedHeaders=host,Signature=0', 'malformed', "has 'Credential=b'"],
    [
      'AWS4-ECDSA-P256-SHA256 Credential=a/20261130/states/aws4_request,SignedHeaders=host,Signature=0',
      'unsupported',
      'AWS4-ECDSA-P256-SHA256',
    ],
    ['AWS AKIALOCALTESTPERSON1:c2lnbmF0dXJl', 'unsupported', 'Please use AWS4-HMAC-SHA256.'],
    ['Bearer eyJ', 'unsupported', 'Bearer'],
  ])('whose Authorization is %s', (authorization, kind, message) => {
    const request = receivedRequest('POST', '/', { host: 'h', 'x-amz-date': '20261130T120000Z', authorization });

    expect(refused(request)).toMatchObject({ kind, message: expect.stringContaining(message) });
  });

  it('without a date, or with one that is none', async () => {
    const request = await sign();

    expect(refused(altered(request, { headers: { 'x-amz-date': undefined } })).message).toContain(
      "requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    );
    for (const date of ['2026-11-30T12:00:00Z', '20261399T120000Z', '']) {
      expect(refused(altered(request, { headers: { 'x-amz-date': date } })).kind).toBe('malformed');
    }
  });

  it('that is signed in the header and in the query', async () => {
    const request = await sign({}, { expiresIn: 60 });

    const both = altered(request, { headers: { authorization: (await sign()).headers.authorization } });

    expect(refused(both)).toMatchObject({
      kind: 'malformed',
      message: expect.stringContaining('Only one auth mechanism'),
    });
  });

  it('whose key nobody gave out, or has no token with it', async () => {
    const { sessionToken: _, ...withoutToken } = iam.sessionKeys(ROLE, 's');
    const stranger = { accessKeyId: 'AKIASTRANGER00000001', secretAccessKey: PERSON.secretAccessKey };

    for (const keys of [withoutToken, stranger]) {
      expect(refused(await sign({}, { keys }))).toMatchObject({
        kind: 'unknown-key',
        message: 'The security token included in the request is invalid.',
        details: { AWSAccessKeyId: keys.accessKeyId },
      });
    }
  });

  it('whose token belongs to another key, was changed, or was made elsewhere', async () => {
    const [mine, other] = [iam.sessionKeys(ROLE, 'mine'), iam.sessionKeys(ROLE, 'other')];
    const [claims, seal] = mine.sessionToken!.split('.');
    const forged = `${Buffer.from(JSON.stringify({ type: 'user', arn: 'arn:aws:iam::000000000000:user/local-administrator' })).toString('base64url')}.${seal}`;
    const elsewhere = openIam({ account: LOCAL_ACCOUNT }).sessionKeys(ROLE, 'mine');
    const tokens = [
      other.sessionToken!,
      forged,
      claims!,
      `${mine.sessionToken}.x`,
      `${mine.sessionToken}x`,
      '.',
      'x',
      elsewhere.sessionToken!,
    ];

    for (const sessionToken of tokens) {
      expect(refused(await sign({}, { keys: { ...mine, sessionToken } })), sessionToken).toMatchObject({
        kind: 'token',
      });
    }
    expect(refused(await sign({}, { keys: { ...PERSON, sessionToken: mine.sessionToken! } })).kind).toBe('token');
    expect(refused(await sign({}, { keys: elsewhere })).kind).toBe('token');
  });

  it('that is signed with another secret', async () => {
    const keys = { ...PERSON, secretAccessKey: 'guessed' };

    expect(refused(await sign({ body: '{}' }, { keys }), { body: '{}' })).toMatchObject({
      kind: 'signature',
      message: expect.stringMatching(
        /^The request signature we calculated .* Consult the service documentation for details\.$/,
      ),
      details: {
        StringToSign: expect.stringMatching(/^AWS4-HMAC-SHA256\n20261130T120000Z\n/),
        CanonicalRequest: expect.stringMatching(/^POST\n\/\n\n/),
      },
    });
    expect(refusedUnread(await sign({ method: 'GET', path: '/b/k' }, { keys, service: 's3' })).message).toMatch(
      /Check your key and signing method\.$/,
    );
  });

  it('when method, path, query or a signed header changes on its way', async () => {
    const request = await sign(
      { path: '/b/k', query: { a: '1' }, headers: { 'x-amz-meta-x': 'y', 'content-type': 'text/plain' } },
      { service: 's3' },
    );

    const changes = [
      altered(request, { url: '/b/k2?a=1' }),
      altered(request, { url: '/b//k?a=1' }),
      altered(request, { url: '/b/k?a=2' }),
      altered(request, { url: '/b/k?a=1&a=1' }),
      altered(request, { url: '/b/k?a=1&versionId=1' }),
      altered(request, { url: '/b/k' }),
      altered(request, { headers: { host: '127.0.0.1:9001' } }),
      altered(request, { headers: { 'content-type': 'text/html' } }),
      altered(request, { headers: { 'content-type': undefined } }),
      altered(request, { headers: { 'x-amz-meta-x': 'z' } }),
      altered(request, { headers: { 'x-amz-date': '20261130T120001Z' } }),
      receivedRequest('DELETE', request.url!, request.headers as Record<string, string>),
    ];

    iam.authenticateHeaders(request, 's3');
    for (const changed of changes) expect(refusedUnread(changed), changed.url).toMatchObject({ kind: 'signature' });
  });

  it('with headers of AWS that nobody signed', async () => {
    const request = await sign({ method: 'PUT', path: '/b/k' }, { service: 's3' });
    const added = altered(request, { headers: { 'x-amz-copy-source': '/secret/key', 'x-amz-tagging': 'a=b' } });

    expect(refusedUnread(added)).toMatchObject({
      kind: 'unsigned-headers',
      message: 'There were headers present in the request which were not signed',
      details: { HeadersNotSigned: 'x-amz-copy-source, x-amz-tagging' },
    });
    const [, withoutHost] = [
      request,
      altered(request, { headers: { authorization: request.headers.authorization!.replace('host;', '') } }),
    ];
    expect(refusedUnread(withoutHost)).toMatchObject({
      kind: 'unsigned-headers',
      details: { HeadersNotSigned: 'host' },
    });
  });

  it('that is signed for another region, service, day or version', async () => {
    expect(refused(await sign({}, { region: 'us-east-1' }))).toMatchObject({
      kind: 'scope',
      message: "Credential should be scoped to a valid region, not 'us-east-1'.",
    });
    expect(refusedUnread(await sign({}, { region: 'us-east-1', service: 's3' }))).toMatchObject({
      kind: 'scope',
      message: "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-central-1'",
      details: { Region: 'eu-central-1' },
    });
    expect(refused(await sign({}, { service: 'lambda' }))).toMatchObject({
      kind: 'scope',
      message: "Credential should be scoped to correct service: 'states'.",
    });
    const request = await sign();
    const authorization = request.headers.authorization!;
    for (const changed of [
      authorization.replace('/20261130/', '/20261129/'),
      authorization.replace('aws4_request', 'aws5_request'),
    ]) {
      expect(refused(altered(request, { headers: { authorization: changed } })).kind).toBe('scope');
    }
    expect(
      iam.authenticate(await sign({}, { service: 'sts', region: 'us-east-1' }), 'sts', Buffer.alloc(0)).principal.type,
    ).toBe('user');
  });

  it('that has a signed header twice, of which the signature covers one', async () => {
    const request = await sign({ headers: { 'content-type': 'text/csv' } });
    const withTwo = (name: string) => ({
      ...request,
      headersDistinct: { ...request.headersDistinct, [name]: [request.headers[name], 'another'] },
    });

    for (const name of ['host', 'content-type']) expect(refused(withTwo(name) as never).kind, name).toBe('signature');
    expect(refused(withTwo('x-amz-date') as never).kind).toBe('malformed');
  });

  it('when its query hides a name from the signature', async () => {
    const request = await sign({ path: '/b', method: 'GET' }, { service: 's3' });

    expect(refusedUnread(altered(request, { url: '/b?__proto__=x' })).kind).toBe('malformed');
    expect(refusedUnread(altered(request, { url: '/b?prefix=%zz' })).kind).toBe('malformed');
  });
});

describe('the clock', () => {
  const minutes = (count: number): Date => new Date(NOW + count * 60_000);

  it('may be 15 minutes late and 5 early, or 15 both ways in S3', async () => {
    for (const at of [minutes(-15), minutes(5)]) iam.authenticate(await sign({}, { at }), 'states', Buffer.alloc(0));
    for (const at of [minutes(-15), minutes(15)]) iam.authenticateHeaders(await sign({}, { at, service: 's3' }), 's3');
  });

  it('is refused beyond that, with both times', async () => {
    expect(refused(await sign({}, { at: minutes(-15.1) }))).toMatchObject({
      kind: 'clock',
      message: 'Signature expired: 20261130T114454Z is now earlier than 20261130T114500Z (20261130T120000Z - 15 min.)',
    });
    expect(refused(await sign({}, { at: minutes(5.1) }))).toMatchObject({
      kind: 'clock',
      message:
        'Signature not yet current: 20261130T120506Z is still later than 20261130T120500Z (20261130T120000Z + 5 min.)',
    });
    for (const at of [minutes(-15.1), minutes(15.1)]) {
      expect(refusedUnread(await sign({}, { at, service: 's3' }))).toMatchObject({
        kind: 'clock',
        details: { ServerTime: '2026-11-30T12:00:00Z', MaxAllowedSkewMilliseconds: '900000' },
      });
    }
  });
});

describe('the body', () => {
  it('must be the one that was signed, whether its digest is declared or not', async () => {
    const digest = createHash('sha256').update('{}').digest('hex');
    const declared = await sign({ body: '{}', headers: { 'x-amz-content-sha256': digest } });
    const request = await sign({ body: '{}' });
    const undeclared = altered(request, {
      headers: { 'x-amz-content-sha256': undefined, authorization: request.headers.authorization! },
    });

    iam.authenticate(declared, 'states', Buffer.from('{}'));
    expect(refused(declared, { body: '{"x":1}' })).toMatchObject({
      kind: 'payload',
      details: { ClientComputedContentSHA256: digest },
    });
    expect(refused(undeclared, { body: '{"x":1}' }).kind).toBe('signature');
  });

  it('of the JSON services is never left unsigned', async () => {
    const request = await sign({ headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } });

    expect(refused(request)).toMatchObject({ kind: 'payload' });
    expect(refusedUnread(request, 'states')).toMatchObject({ kind: 'unsupported' });
  });

  it('may be unsigned or in chunks in S3, and nothing that S3 does not know', async () => {
    const payload = async (hash: string) =>
      iam.authenticateHeaders(await sign({ headers: { 'x-amz-content-sha256': hash } }, { service: 's3' }), 's3')
        .payload;

    expect(await payload('UNSIGNED-PAYLOAD')).toEqual({ type: 'unsigned' });
    expect(await payload('STREAMING-UNSIGNED-PAYLOAD-TRAILER')).toEqual({ type: 'unsigned-chunks' });
    expect(await payload('STREAMING-AWS4-HMAC-SHA256-PAYLOAD')).toMatchObject({
      type: 'signed-chunks',
      hasTrailer: false,
    });
    await expect(payload('STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD')).rejects.toMatchObject({ kind: 'unsupported' });
    await expect(payload('e3b0')).rejects.toMatchObject({ kind: 'unsupported' });
  });
});

describe('a presigned URL', () => {
  const presign = (options: Partial<SignOptions> = {}) =>
    sign({ method: 'GET', path: '/b/k', query: { versionId: 'v' } }, { service: 's3', expiresIn: 60, ...options });

  it('is accepted until it ends, from the person and from a session', async () => {
    for (const keys of [PERSON, iam.sessionKeys(ROLE, 's')]) {
      const at = new Date(NOW - 60_000);
      expect(iam.authenticateHeaders(await presign({ keys, at }), 's3').caller.principal).toBeDefined();
    }
  });

  it('is refused late, early, and when it would last longer than a week or not at all', async () => {
    expect(refusedUnread(await presign({ at: new Date(NOW - 61_000) }))).toMatchObject({
      kind: 'expired-url',
      message: 'Request has expired',
      details: { 'X-Amz-Expires': '60', Expires: '2026-11-30T11:59:59Z', ServerTime: '2026-11-30T12:00:00Z' },
    });
    expect(refusedUnread(await presign({ at: new Date(NOW + 901_000) })).message).toBe('Request is not yet valid');
    const request = await presign();
    for (const seconds of ['604801', '0', '-1', '1e3', '9'.repeat(20)]) {
      const url = request.url!.replace('X-Amz-Expires=60', `X-Amz-Expires=${seconds}`);
      expect(refusedUnread(altered(request, { url }))).toMatchObject({ kind: 'malformed', presigned: true });
    }
  });

  it('is refused when a parameter is missing, repeated or changed', async () => {
    const request = await presign();

    for (const name of ['Algorithm', 'Credential', 'Date', 'Expires', 'SignedHeaders', 'Signature']) {
      const parameter = new RegExp(`&?X-Amz-${name}=[^&]*`);
      const without = request.url!.replace(parameter, '');
      expect(refusedUnread(altered(request, { url: without })).kind, name).toBe('malformed');
      const twice = `${request.url}&${parameter.exec(request.url!)![0].replace('&', '')}`;
      expect(refusedUnread(altered(request, { url: twice })).kind, name).toBe('malformed');
    }
    for (const [from, to] of [
      ['versionId=v', 'versionId=w'],
      ['Expires=60', 'Expires=61'],
      ['/b/k', '/b/l'],
    ] as const) {
      expect(refusedUnread(altered(request, { url: request.url!.replace(from, to) })).kind).toBe('signature');
    }
  });
});

it('recognizes whatever the signer signs', async () => {
  const name = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,8}$/);
  const text = fc.string({ unit: 'grapheme', maxLength: 12 });
  const segment = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).map(encodeURIComponent);
  await fc.assert(
    fc.asyncProperty(
      fc.array(segment, { maxLength: 4 }),
      fc.dictionary(
        text.filter((key) => key !== '' && key !== '__proto__' && !key.toLowerCase().startsWith('x-amz-')),
        fc.oneof(text, fc.array(text, { minLength: 2, maxLength: 3 })),
        { maxKeys: 4 },
      ),
      fc.dictionary(
        name.map((suffix) => `x-amz-meta-${suffix}`),
        fc.stringMatching(/^[ -~]{0,10}$/),
        { maxKeys: 3 },
      ),
      fc.constantFrom('s3', 'lambda'),
      async (segments, query, headers, service) => {
        const request = await sign({ path: `/${segments.join('/')}`, query, headers }, { service });
        expect(iam.authenticate(request, service, Buffer.alloc(0)).principal.type).toBe('user');
      },
    ),
    { numRuns: 300 },
  );
});
