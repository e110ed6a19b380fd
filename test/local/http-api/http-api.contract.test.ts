import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHttpApi } from '#local/http-api/http-api.ts';
import { LOCAL_ACCOUNT, type StandIn } from '#local/stand-in.ts';
import { fixture, type OpenLambda, openLambda } from '#test/local/lambda/open-lambda.ts';

const TOKEN = 'a-token-of-a-test';

let lambda: OpenLambda;
let api: StandIn;
beforeAll(async () => {
  lambda = await openLambda({
    functions: {
      echo: { ...fixture('echoHttp'), handlerFile: join(import.meta.dirname, 'fixtures.ts') },
      fails: { ...fixture('fails'), handlerFile: join(import.meta.dirname, 'fixtures.ts') },
    },
  });
  api = await startHttpApi({
    routes: [
      { method: 'GET', path: '/things/{id}', functionName: 'echo' },
      { method: 'POST', path: '/things', functionName: 'echo' },
      { method: 'GET', path: '/broken', functionName: 'fails' },
    ],
    lambda: lambda.client,
    account: LOCAL_ACCOUNT,
    token: TOKEN,
  });
});
afterAll(async () => {
  await api?.close();
  await lambda?.close();
});

const call = (path: string, init: RequestInit = {}, authorization = `Bearer ${TOKEN}`) =>
  fetch(`${api.url}${path}`, { ...init, headers: { authorization, ...init.headers } });

describe('the HTTP API of the laptop', () => {
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
    expect(JSON.stringify(event)).not.toContain(TOKEN);
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

  it.each(['', 'Bearer', 'Bearer wrong', `Basic ${TOKEN}`, `bearer ${TOKEN}`, `Bearer ${TOKEN}x`])(
    'lets nobody in with %o',
    async (authorization) => {
      const response = await call('/things/1', {}, authorization);

      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
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
      const headers = { authorization: `Bearer ${TOKEN}` };
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
