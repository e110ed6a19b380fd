import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';
import { generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startHttpApi } from '#local/http-api/http-api.ts';
import { type Issuer, openIssuer } from '#local/http-api/issuer.ts';
import type { DeployedPolicies, KeyPair } from '#local/iam/iam.ts';
import { LOCAL_ACCOUNT, type StandIn } from '#local/stand-in.ts';
import { allow, policy, roleArn, roleFor, type Statement } from '#test/local/iam/roles.ts';
import { PERSON, testIam } from '#test/local/iam/test-iam.ts';
import { fixture, type OpenLambda, openLambda } from '#test/local/lambda/open-lambda.ts';

const API_ARN = 'arn:aws:execute-api:eu-central-1:000000000000:abc123';
const iam = testIam();

/** As Serverless writes it for each function behind a route. */
const invokableFrom = (SourceArn: string) =>
  policy({
    Effect: 'Allow',
    Principal: { Service: 'apigateway.amazonaws.com' },
    Action: 'lambda:InvokeFunction',
    Resource: '*',
    Condition: { ArnLike: { 'aws:SourceArn': SourceArn } },
  });

const deploy = (policies: Partial<DeployedPolicies> = {}) =>
  iam.deploy({
    roles: [roleFor('lambda.amazonaws.com', roleArn('function'))],
    resourcePolicies: {
      'arn:aws:lambda:eu-central-1:000000000000:function:echo': invokableFrom(`${API_ARN}/*`),
      'arn:aws:lambda:eu-central-1:000000000000:function:fails': invokableFrom(`${API_ARN}/*`),
    },
    ...policies,
  });

let lambda: OpenLambda;
let issuer: Issuer;
let token: string;
let api: StandIn;
beforeAll(async () => {
  issuer = await openIssuer();
  token = await issuer.sign();
  lambda = await openLambda({
    iam,
    functions: {
      echo: { ...fixture('echoHttp'), handlerFile: join(import.meta.dirname, 'fixtures.ts') },
      fails: { ...fixture('fails'), handlerFile: join(import.meta.dirname, 'fixtures.ts') },
      private: { ...fixture('echoHttp'), handlerFile: join(import.meta.dirname, 'fixtures.ts') },
    },
  });
  api = await startHttpApi({
    routes: [
      { method: 'GET', path: '/things/{id}', functionName: 'echo' },
      { method: 'POST', path: '/things', functionName: 'echo' },
      { method: 'GET', path: '/broken', functionName: 'fails' },
      { method: 'GET', path: '/private', functionName: 'private' },
    ],
    lambdaUrl: lambda.host.url,
    account: LOCAL_ACCOUNT,
    apiId: 'abc123',
    iam,
    issuer,
  });
});
beforeEach(() => deploy());
afterAll(async () => {
  await api?.close();
  await lambda?.close();
});

const call = (path: string, init: RequestInit = {}, authorization = `Bearer ${token}`) =>
  fetch(`${api.url}${path}`, { ...init, headers: { authorization, ...init.headers } });

describe('the local HTTP API', () => {
  it('hands a request over in payload format 2.0, without the token', async () => {
    const response = await call('/things/a%20b?x=1&x=2&y=%C3%A9', { headers: { 'X-Mixed-Case': 'Yes' } });

    expect(response.status).toBe(200);
    const event = await response.json();
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'GET /things/{id}',
      rawPath: '/things/a%20b',
      rawQueryString: 'x=1&x=2&y=%C3%A9',
      pathParameters: { id: 'a b' },
      queryStringParameters: { x: '1,2', y: 'é' },
      headers: { 'x-mixed-case': 'Yes' },
      requestContext: { http: { method: 'GET', path: '/things/a%20b', sourceIp: '127.0.0.1' }, stage: '$default' },
      isBase64Encoded: false,
    });
    expect(JSON.stringify(event)).not.toContain(token);
  });

  it.each([
    ['application/json', '{"a":1}', '{"a":1}', false],
    ['text/csv', '1,2\n', '1,2\n', false],
    ['application/octet-stream', 'bytes', Buffer.from('bytes').toString('base64'), true],
  ])('hands over a body of %s', async (type, body, expected, isBase64Encoded) => {
    const response = await call('/things', { method: 'POST', body, headers: { 'content-type': type } });

    expect(await response.json()).toMatchObject({ body: expected, isBase64Encoded });
  });

  it('answers with the status and headers of the function', async () => {
    const response = await call('/things/teapot');

    expect([response.status, response.headers.get('x-kind')]).toEqual([418, 'teapot']);
  });

  it.each(['', 'Bearer', 'Bearer wrong', 'Basic <token>', 'bearer <token>', 'Bearer <token>x', '<token>.x'])(
    'lets nobody in with %o',
    async (authorization) => {
      const response = await call('/things/1', {}, authorization.replace('<token>', token));

      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
      expect(await response.json()).toEqual({ message: 'Unauthorized' });
    },
  );

  it('has no route for other paths and methods, and no CORS', async () => {
    const responses = [
      await call('/nothing'),
      await call('/things/1', { method: 'DELETE' }),
      await call('/things/1', { method: 'OPTIONS' }),
    ];

    expect(responses.map(({ status }) => status)).toEqual([404, 404, 404]);
    expect(responses[2]!.headers.get('access-control-allow-origin')).toBeNull();
  });

  it.each(['//', '//[', '//elsewhere/things/1', 'http://elsewhere/things/1'])(
    'takes %s for a path of its own, which no route has',
    async (path) => {
      const { hostname, port } = new URL(api.url);
      const headers = { authorization: `Bearer ${token}` };
      const response = await new Promise<IncomingMessage>((resolve, reject) =>
        request({ hostname, port, path, headers }, resolve).on('error', reject).end(),
      );
      response.resume();

      expect(response.statusCode).toBe(404);
    },
  );

  it('tells nothing of what broke in a function', async () => {
    const response = await call('/broken');

    expect(response.status).toBe(500);
    expect(await response.text()).toBe('{"message":"Internal Server Error"}');
  });

  it.each([
    ['API Gateway', 11],
    ['Lambda', 7],
  ])('takes no body longer than %s does', async (_, megabytes) => {
    const response = await call('/things', {
      method: 'POST',
      body: 'x'.repeat(megabytes * 1024 * 1024),
      headers: { 'content-type': 'text/csv' },
    });

    expect(response.status).toBe(413);
  });

  it('listens on 127.0.0.1 only', () => {
    expect(new URL(api.url).hostname).toBe('127.0.0.1');
  });
});

describe('the JWT authorizer', () => {
  const seconds = Math.floor(Date.now() / 1000);

  it('takes a token without its prefix too, and hands its claims over as texts', async () => {
    const sent = await issuer.sign({ groups: ['a', 'b'], level: 3 });

    const { requestContext } = await eventOf(await call('/things/1', {}, sent));

    expect(requestContext.authorizer.jwt).toMatchObject({
      claims: { iss: issuer.issuer, aud: issuer.audience[0], sub: 'local', groups: '[a b]', level: '3' },
      scopes: null,
    });
  });

  it.each([
    ['of another issuer', { iss: 'https://elsewhere.example' }, 'iss'],
    ['for another audience', { aud: 'another' }, 'invalid audience'],
    ['for nobody', { aud: undefined }, 'invalid audience'],
    ['that has expired', { exp: seconds - 1 }, 'the token has expired'],
    ['that never expires', { exp: undefined }, 'exp'],
    ['that is not valid yet', { nbf: seconds + 600 }, 'nbf'],
    ['of the future', { iat: seconds + 600 }, 'issued in the future'],
  ])('refuses a token %s', async (_, claims, why) => {
    const response = await call('/things/1', {}, `Bearer ${await issuer.sign(claims)}`);

    expect([response.status, await response.json()]).toEqual([401, { message: 'Unauthorized' }]);
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(response.headers.get('www-authenticate')).toContain(why);
  });

  it('takes the client for the audience where a token names none', async () => {
    const sent = await issuer.sign({ aud: undefined, client_id: issuer.audience[0] });

    expect((await call('/things/1', {}, `Bearer ${sent}`)).status).toBe(200);
  });

  const claims = () => ({ iss: issuer.issuer, aud: [...issuer.audience], exp: seconds + 600 });
  it('refuses a token of another key, one without a key, and one that is signed by a public key as a secret', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const publicText = new TextEncoder().encode(JSON.stringify(issuer.jwks.keys[0]));
    const unsigned = [{ alg: 'none', kid: 'local' }, claims()].map((part) => base64url(JSON.stringify(part))).join('.');
    const forged = [
      await new SignJWT(claims()).setProtectedHeader({ alg: 'RS256', kid: 'local' }).sign(privateKey),
      await new SignJWT(claims()).setProtectedHeader({ alg: 'RS256', kid: 'other' }).sign(privateKey),
      await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: 'local' }).sign(publicText),
      `${unsigned}.`,
    ];

    for (const each of forged) expect((await call('/things/1', {}, `Bearer ${each}`)).status).toBe(401);
  });
});

describe('the IAM authorizer', () => {
  const READER = roleArn('reader');
  const deployReader = (...statements: readonly Statement[]) =>
    deploy({
      roles: [
        roleFor('lambda.amazonaws.com', roleArn('function')),
        roleFor('ec2.amazonaws.com', roleArn('reader'), statements),
      ],
    });

  it('lets the person in, and tells the function who calls', async () => {
    const response = await signed('/things/a%20b?x=1', PERSON);

    expect(response.status).toBe(200);
    const event = await eventOf(response);
    expect(event.requestContext.authorizer).toEqual({
      iam: {
        accessKey: PERSON.accessKeyId,
        accountId: '000000000000',
        callerId: expect.stringMatching(/^AIDA[2-9A-Z]{17}$/),
        cognitoIdentity: null,
        principalOrgId: null,
        userArn: expect.stringMatching(/^arn:aws:iam::000000000000:user\//),
        userId: event.requestContext.authorizer.iam.callerId,
      },
    });
    expect(event.requestContext.apiId).toBe('abc123');
  });

  it('lets a role in to the paths that it may invoke, and keeps its token from the function', async () => {
    deployReader(allow('execute-api:Invoke', `${API_ARN}/$default/GET/things/*`));
    const keys = iam.sessionKeys(READER, 'me');

    const response = await signed('/things/1', keys);
    const text = await response.text();

    expect(response.status).toBe(200);
    expect(text).not.toContain(keys.sessionToken);
    expect(JSON.parse(text).requestContext.authorizer.iam).toMatchObject({
      accessKey: keys.accessKeyId,
      userArn: 'arn:aws:sts::000000000000:assumed-role/reader/me',
      userId: expect.stringMatching(/^AROA[2-9A-Z]{17}:me$/),
    });
    expect((await signed('/things', keys, { method: 'POST', body: 'x' })).status).toBe(403);
    expect((await signed('/broken', keys)).status).toBe(403);
  });

  it.each([
    ['whoever may nothing', () => iam.sessionKeys(READER, 'me'), {}],
    ['an unknown key', (): KeyPair => ({ ...PERSON, accessKeyId: 'AKIAUNKNOWNUNKNOWN12' }), {}],
    ['a wrong secret', (): KeyPair => ({ ...PERSON, secretAccessKey: 'guessed' }), {}],
    ['a signature for another service', () => PERSON, { service: 'lambda' }],
    ['another body than the signed one', () => PERSON, { method: 'POST', path: '/things', body: 'x', sentBody: 'y' }],
  ])('says Forbidden to %s', async (_, keys, { path = '/things/1', ...options }: Signed & { path?: string }) => {
    deployReader();

    const response = await signed(path, keys(), options);

    expect([response.status, await response.json()]).toEqual([403, { message: 'Forbidden' }]);
  });
});

it('reaches a function only as the function’s own policy says', async () => {
  expect((await call('/private')).status).toBe(500);

  deploy({
    resourcePolicies: {
      'arn:aws:lambda:eu-central-1:000000000000:function:private': invokableFrom(`${API_ARN}/*/GET/private`),
    },
  });
  expect((await call('/private')).status).toBe(200);
  expect((await call('/things/1')).status).toBe(500);

  deploy({
    resourcePolicies: {
      'arn:aws:lambda:eu-central-1:000000000000:function:private': invokableFrom(`${API_ARN}/*/GET/other`),
    },
  });
  expect((await call('/private')).status).toBe(500);
});

interface Signed {
  readonly method?: string;
  readonly body?: string;
  readonly sentBody?: string;
  readonly service?: string;
}

/** Sends a request that is signed as `curl --aws-sigv4` does. */
const signed = async (path: string, credentials: KeyPair, options: Signed = {}): Promise<Response> => {
  const { method = 'GET', body, sentBody = body, service = 'execute-api' } = options;
  const { hostname, host, port } = new URL(api.url);
  const signer = new SignatureV4({ credentials, region: 'eu-central-1', service, sha256: Hash.bind(null, 'sha256') });
  const [pathname, search = ''] = path.split('?') as [string, string?];
  const { headers } = await signer.sign({
    method,
    protocol: 'http:',
    hostname,
    port: Number(port),
    path: pathname,
    query: Object.fromEntries(new URLSearchParams(search)),
    headers: { host },
    ...(body !== undefined && { body }),
  });
  return fetch(`${api.url}${path}`, { method, headers, ...(sentBody !== undefined && { body: sentBody }) });
};

/** The function answers with its event. */
const eventOf = async (
  response: Response,
): Promise<{ requestContext: { apiId: string; authorizer: Record<'iam' | 'jwt', Record<string, unknown>> } }> =>
  JSON.parse(await response.text());

const base64url = (text: string): string => Buffer.from(text).toString('base64url');
