import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { localhostCertificate } from '#local/hana/certificate.ts';
import { listenTls } from '#local/http/listen.ts';
import type { StandIn } from '#local/stand-in.ts';
import { addressGuard } from '#shared/kyma/addresses.ts';
import type { Cluster } from '#shared/kyma/cluster.ts';
import { kymaModelServer } from '#shared/kyma/model-server.ts';
import type { Kind, KubernetesObject } from '#shared/kyma/objects.ts';
import { askModel } from '#shared/predictions/ask-model.ts';

interface Answer {
  readonly code: number;
  readonly body?: string | Buffer;
  readonly headers?: Record<string, string>;
}

interface Seen {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly body: string;
}

let folder: string;
let server: StandIn;
let certificate: string;
let seen: Seen[];
let answer: (request: Seen) => Answer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'model-server-'));
  const tls = await localhostCertificate(folder, new Date(), ['*.kyma.localhost']);
  certificate = tls.cert;
  server = await listenTls(tls, async (request, response) => {
    const body = (await buffer(request)).toString();
    const { authorization, 'content-type': contentType } = request.headers;
    const each = { path: request.url!, authorization, contentType, body };
    seen.push(each);
    const { code, body: text = '', headers = {} } = answer(each);
    response.writeHead(code, headers).end(text);
  });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  seen = [];
  answer = ({ path }) => (path === '/token' ? TOKEN : { code: 200, body: '1\n' });
});

const TOKEN = { code: 200, body: JSON.stringify({ access_token: 'token-1', expires_in: 3600 }) };
const url = () => `https://flights.kyma.localhost:${new URL(server.url).port}/`;

const open = (withLogin = true, allowed = ['127.0.0.0/8']) =>
  kymaModelServer({
    openClient: async () => ({
      ...(withLogin && {
        oauth: { tokenUrl: new URL('token', url()).href, clientId: 'a:b', clientSecret: 'p/w', scope: 'predict' },
      }),
      certificateAuthority: certificate,
    }),
    guard: () => addressGuard(allowed),
    openCluster: async () => clusterWithLog(),
    pausesMs: [1, 1],
  });

/** A cluster where only what the end of a log is read by answers. */
const clusterWithLog = (): Cluster => ({
  apply: () => Promise.reject(new Error('Nothing is applied.')),
  delete: () => Promise.reject(new Error('Nothing is deleted.')),
  events: async () => [],
  async get<T extends KubernetesObject>(kind: Kind) {
    const metadata = { name: 'flights', namespace: 'models' };
    const port = { number: Number(new URL(server.url).port), protocol: 'HTTPS' };
    if (kind === 'APIRule')
      return { metadata, spec: { gateway: 'kyma-system/gw', hosts: ['flights'] } } as unknown as T;
    return {
      metadata,
      spec: { servers: [{ hosts: ['*.kyma.localhost'], port }] },
    } as unknown as T;
  },
  async list<T extends KubernetesObject>(kind: Kind) {
    const metadata = { name: 'flights', namespace: 'models', labels: { 'app.kubernetes.io/instance': 'flights' } };
    return [{ metadata, spec: { template: { spec: { containers: [{ image: 'i' }] } } }, kind } as unknown as T];
  },
  async logTail(_, container, { since }) {
    return since && container === 'model' ? logged : '';
  },
});
let logged = '';

const asked = () => seen.filter(({ path }) => path !== '/token');

describe('a model on Kyma', () => {
  it('is well whatever it answers a ping, and must predict in UTF-8', async () => {
    const models = open(false);
    answer = () => ({ code: 200, body: Buffer.from('Zürich\n', 'latin1') });

    await models.ping(url());

    await expect(models.predict(url(), '1\n2\n')).rejects.toMatchObject({
      name: 'PredictionFailedError',
      message: expect.stringMatching(/no UTF-8/),
    });
  });

  it('is asked with a token that is fetched once', async () => {
    const models = open();

    await models.predict(url(), '1,2\n');
    await models.predict(url(), '3,4\n');

    expect(asked()).toEqual([
      { path: '/invocations', authorization: 'Bearer token-1', contentType: 'text/csv', body: '1,2\n' },
      { path: '/invocations', authorization: 'Bearer token-1', contentType: 'text/csv', body: '3,4\n' },
    ]);
    const logins = seen.filter(({ path }) => path === '/token');
    expect(logins).toHaveLength(1);
    expect(logins[0]).toMatchObject({
      authorization: `Basic ${Buffer.from('a%3Ab:p%2Fw').toString('base64')}`,
      body: 'grant_type=client_credentials&scope=predict',
    });
  });

  it('is asked without a token where none is configured', async () => {
    await open(false).ping(url());

    expect(seen).toMatchObject([{ path: '/ping', authorization: undefined }]);
  });

  it.each([429, 502, 503, 504])('is asked again when it answers %i', async (code) => {
    let calls = 0;
    answer = ({ path }) => (path === '/token' ? TOKEN : { code: ++calls < 3 ? code : 200, body: 'ok' });

    expect(await open().predict(url(), '1\n')).toBe('ok');
    expect(calls).toBe(3);
  });

  it('is busy when it stays busy, which the state machine tries again', async () => {
    answer = ({ path }) => (path === '/token' ? TOKEN : { code: 503, body: 'no healthy upstream' });

    await expect(open().predict(url(), '1\n')).rejects.toMatchObject({
      name: 'EndpointThrottledError',
      message: expect.stringContaining('no healthy upstream'),
    });
    expect(asked()).toHaveLength(3);
  });

  it.each<[number, string, string]>([
    [500, 'PredictionFailedError', 'answered 500: a traceback'],
    [404, 'PredictionFailedError', 'not exposed'],
    [302, 'PredictionFailedError', 'redirects (302)'],
    [413, 'PayloadTooLargeError', 'no payload of that size'],
  ])('is not asked again when it answers %i', async (code, name, message) => {
    answer = ({ path }) =>
      path === '/token' ? TOKEN : { code, body: 'a traceback', headers: { location: 'https://169.254.169.254/' } };

    await expect(open().predict(url(), '1\n')).rejects.toMatchObject({
      name,
      message: expect.stringContaining(message),
    });
    expect(asked()).toHaveLength(1);
  });

  it('fails with the end of its pods’ log, and with the words of a page instead of its HTML', async () => {
    logged = 'GET /ping\nTraceback (most recent call last):\n  File "train.py"\nRuntimeError: out of luck\n';
    const page = '<html><head><title>500 Internal Server Error</title></head><body><h1>Oops</h1></body></html>';
    answer = ({ path }) => (path === '/token' ? TOKEN : { code: 500, body: page });

    const failure = await open()
      .predict(url(), '1\n')
      .catch((error: Error) => error);

    expect(failure).toMatchObject({ name: 'PredictionFailedError' });
    expect(String(failure)).toMatch(
      /answered 500: 500 Internal Server Error Its log ends with:\nTraceback[\s\S]*out of luck$/,
    );
    expect(String(failure)).not.toMatch(/<|ping/);
  });

  it.each([
    [504, 'upstream request timeout'],
    [408, ''],
  ])(
    'is too slow for so many rows when the gateway says %i %s, and is not asked for the same again',
    async (code, body) => {
      answer = ({ path }) => (path === '/token' ? TOKEN : { code, body });

      await expect(open().predict(url(), '1\n')).rejects.toMatchObject({ name: 'ModelTimeoutError' });
      expect(asked()).toHaveLength(1);
    },
  );

  it.each([401, 403])('is asked once more with a new token after %i', async (code) => {
    let logins = 0;
    answer = ({ path, authorization }) => {
      if (path === '/token') return { code: 200, body: JSON.stringify({ access_token: `token-${++logins}` }) };
      return authorization === 'Bearer token-2' ? { code: 200, body: 'ok' } : { code, body: 'Jwt is expired' };
    };

    expect(await open().predict(url(), '1\n')).toBe('ok');
    expect(asked().map(({ authorization }) => authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('tells what to check when no token opens it', async () => {
    answer = ({ path }) => (path === '/token' ? TOKEN : { code: 403, body: 'RBAC: access denied' });

    await expect(open().predict(url(), '1\n')).rejects.toMatchObject({
      name: 'PredictionFailedError',
      message: expect.stringContaining('FEDML_KYMA_CLIENT_SECRET_ARN'),
    });
    expect(asked()).toHaveLength(2);
  });

  it('is not asked when the issuer refuses the client, and the secret is not told', async () => {
    answer = () => ({ code: 401, body: JSON.stringify({ error: 'invalid_client' }) });

    const error = await open()
      .predict(url(), '1\n')
      .catch((thrown: Error) => thrown);

    expect(error).toMatchObject({ name: 'ClusterAccessError', message: expect.stringContaining('401 invalid_client') });
    expect(String(error)).not.toContain('p/w');
  });

  it('is not asked at an address that is not public, unless its network is allowed', async () => {
    await expect(open(false, []).predict(url(), '1\n')).rejects.toMatchObject({ name: 'ForbiddenAddressError' });
    await expect(open(false).predict('http://flights.kyma.localhost/', '1\n')).rejects.toMatchObject({
      name: 'InvalidInputError',
    });
    expect(seen).toEqual([]);
  });

  it('is not asked when it shows a certificate of another authority', async () => {
    const models = kymaModelServer({
      openClient: async () => ({}),
      guard: () => addressGuard(['127.0.0.0/8']),
      openCluster: async () => clusterWithLog(),
      pausesMs: [],
    });

    await expect(models.predict(url(), '1\n')).rejects.toMatchObject({
      name: 'EndpointThrottledError',
      message: expect.stringContaining('self-signed certificate'),
    });
  });

  it('is not listened to beyond 64 megabytes', async () => {
    answer = ({ path }) => (path === '/token' ? TOKEN : { code: 200, body: Buffer.alloc(64 * 1024 * 1024 + 1, '1') });

    await expect(open(false).predict(url(), '1\n')).rejects.toMatchObject({
      message: expect.stringContaining('more than 67108864 bytes'),
    });
  });

  it('is asked in halves for rows that are too many at a time', async () => {
    answer = ({ path, body }) => {
      if (path === '/token') return TOKEN;
      const rows = body.trimEnd().split('\n');
      return rows.length > 2 ? { code: 413 } : { code: 200, body: rows.map((row) => `${row}0\n`).join('') };
    };

    const answers = await askModel(open(), url(), ['1', '2', '3', '4', '5']);

    expect(answers).toEqual([['10'], ['20'], ['30'], ['40'], ['50']]);
  });
});
