import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  CreateRepositoryCommand,
  DescribeRepositoriesCommand,
  GetAuthorizationTokenCommand,
} from '@aws-sdk/client-ecr';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openImagePolicies } from '#local/registry/open-images.ts';
import { BY_THE_BOOK } from '#local/registry/quirks.ts';
import { ROUTES } from '#local/registry/routes.ts';
import { digestOf } from '#shared/images/digest.ts';
import { DOCKER } from '#shared/images/media-types.ts';
import { allow, roleFor } from '#test/local/iam/roles.ts';
import { BASE_IMAGE_URI, ecrClient, type OpenRegistry, openRegistry, REPOSITORY } from './open-registry.ts';

const ROLE = 'arn:aws:iam::000000000000:role/image-builder';
const USER = 'arn:aws:sts::000000000000:assumed-role/image-builder/commitImage';
const OWN = `arn:aws:ecr:eu-central-1:000000000000:repository/${REPOSITORY}`;
const BASE = 'arn:aws:ecr:eu-central-1:492215442770:repository/sagemaker-scikit-learn';
const BASE_HOST = BASE_IMAGE_URI.split('/')[0]!;
const HOUR_MS = 60 * 60 * 1000;

let open: OpenRegistry;
let now: number;
let dataDir: string;

beforeEach(async () => {
  now = Date.now();
  dataDir = await mkdtemp(join(tmpdir(), 'registry-'));
  open = await openRegistry({ clock: () => now, dataDir });
});
afterEach(async () => {
  await open.close();
  await rm(dataDir, { recursive: true });
});

/** Lets the role do these things, as `ecr:<action>` on its own repository. */
const letOwn = (...actions: readonly string[]) => letOn(actions.map((action) => [action, OWN]));

const letOn = (grants: readonly (readonly [action: string, resource: string])[]) =>
  open.iam.deploy({
    roles: [
      roleFor(
        'lambda.amazonaws.com',
        ROLE,
        grants.map(([action, resource]) => allow(`ecr:${action}`, resource)),
      ),
    ],
    resourcePolicies: openImagePolicies([BASE_IMAGE_URI]),
  });

const roleClient = () => ecrClient(open.registry.url, open.iam.sessionKeys(ROLE, 'commitImage'));

const tokenOf = async (client = roleClient()): Promise<string> => {
  const { authorizationData } = await client.send(new GetAuthorizationTokenCommand({}));
  client.destroy();
  return authorizationData![0]!.authorizationToken!;
};

const roleToken = async (): Promise<string> => {
  letOn([['GetAuthorizationToken', '*']]);
  return tokenOf();
};

interface Ask {
  readonly body?: string | Buffer;
  readonly headers?: Record<string, string>;
}

const ask = (token: string | undefined, method: string, path: string, { body = '', headers = {} }: Ask = {}) =>
  new Promise<{ status: number; code: string | undefined; text: string; location: string }>((resolve, reject) => {
    const authorization = token === undefined ? {} : { authorization: `Basic ${token}` };
    const options = { method, headers: { ...authorization, 'content-length': Buffer.byteLength(body), ...headers } };
    const sent = request(new URL(path, open.registry.url), options, async (response) => {
      const answer = await text(response);
      const [, code] = /"code":"(\w+)"/.exec(answer) ?? [];
      resolve({ status: response.statusCode!, code, text: answer, location: response.headers.location ?? '' });
    });
    sent.on('error', reject).end(body);
  });

const blob = `/v2/${REPOSITORY}/blobs/${digestOf('{}')}`;
const uploads = `/v2/${REPOSITORY}/blobs/uploads/`;
const descriptor = { digest: digestOf('{}'), size: 2 };
const MANIFEST = JSON.stringify({
  schemaVersion: 2,
  config: { mediaType: DOCKER.config, ...descriptor },
  layers: [{ mediaType: DOCKER.layer, ...descriptor }],
});

/** Puts an image into the repository as the person, and begins an upload. */
const prepare = async () => {
  const person = await tokenOf(ecrClient(open.registry.url));
  await open.registry.store.putBlob(open.repository, Buffer.from('{}'));
  await ask(person, 'PUT', `/v2/${REPOSITORY}/manifests/there`, {
    body: MANIFEST,
    headers: { 'content-type': DOCKER.manifest },
  });
  return { person, upload: (await ask(person, 'POST', uploads)).location };
};

describe('a route of the registry', () => {
  const ROWS: [string, string, string, (upload: string) => string, Ask?][] = [
    ['BatchGetImage', 'GET', 'a manifest', () => `/v2/${REPOSITORY}/manifests/there`],
    ['BatchGetImage', 'HEAD', 'a manifest', () => `/v2/${REPOSITORY}/manifests/there`],
    [
      'PutImage',
      'PUT',
      'a manifest',
      () => `/v2/${REPOSITORY}/manifests/new`,
      { body: MANIFEST, headers: { 'content-type': DOCKER.manifest } },
    ],
    ['BatchCheckLayerAvailability', 'HEAD', 'a blob', () => blob],
    ['GetDownloadUrlForLayer', 'GET', 'a blob', () => blob],
    ['InitiateLayerUpload', 'POST', 'an upload', () => uploads],
    ['UploadLayerPart', 'GET', 'an upload', (upload) => upload],
    ['UploadLayerPart', 'PATCH', 'an upload', (upload) => upload, { body: 'abc' }],
    ['UploadLayerPart', 'DELETE', 'an upload', (upload) => upload],
    ['CompleteLayerUpload', 'PUT', 'an upload', (upload) => `${upload}?digest=${digestOf('abc')}`, { body: 'abc' }],
    ['ListImages', 'GET', 'the tags', () => `/v2/${REPOSITORY}/tags/list`],
  ];

  it('is tested here, each of them', () => {
    const routes = ROUTES.flatMap(({ method, action }) => method.map((each) => `${each} ${action}`));

    expect(ROWS.map(([action, method]) => `${method} ${action}`).sort()).toEqual(routes.sort());
  });

  it.each(ROWS)('takes ecr:%s to %s %s, and nothing else', async (action, method, _, pathOf, asked) => {
    const { upload } = await prepare();
    const token = await roleToken();
    const everythingElse = [...new Set(ROWS.map(([each]) => each))].filter((each) => each !== action);

    letOwn(...everythingElse);
    const refused = await ask(token, method, pathOf(upload), asked);
    letOwn(action);
    const answered = await ask(token, method, pathOf(upload), asked);

    expect(refused.status).toBe(403);
    if (method !== 'HEAD') {
      expect(refused).toMatchObject({ code: 'DENIED' });
      expect(JSON.parse(refused.text).errors[0].message).toBe(
        `User: ${USER} is not authorized to perform: ecr:${action} on resource: ${OWN} because no identity-based policy allows the ecr:${action} action`,
      );
    }
    expect(answered.status).toBeLessThan(400);
  });

  it('is refused without a token, and tells nothing of what is there', async () => {
    const { upload } = await prepare();

    for (const [, method, , pathOf, asked] of ROWS) {
      expect(await ask(undefined, method, pathOf(upload), asked)).toMatchObject({ status: 401 });
    }
    expect(await ask(undefined, 'GET', '/v2/')).toMatchObject({ status: 401, code: 'UNAUTHORIZED' });
  });

  it('is refused before it is told that a repository is missing', async () => {
    const token = await roleToken();

    expect(await ask(token, 'GET', '/v2/missing/manifests/a')).toMatchObject({ status: 403, code: 'DENIED' });
    letOn([['BatchGetImage', '*']]);
    expect(await ask(token, 'GET', '/v2/missing/manifests/a')).toMatchObject({ status: 404, code: 'NAME_UNKNOWN' });
  });

  it('takes over a blob only out of a repository that may be read', async () => {
    await open.close();
    open = await openRegistry({ clock: () => now, dataDir, quirks: BY_THE_BOOK });
    const source = { ...open.repository, name: 'other' };
    await open.registry.store.createRepository(source, 'MUTABLE');
    await open.registry.store.putBlob(source, Buffer.from('secret'));
    const token = await roleToken();
    const mount = `${uploads}?mount=${digestOf('secret')}&from=other`;

    letOwn('InitiateLayerUpload', 'GetDownloadUrlForLayer');
    expect(await ask(token, 'POST', mount)).toMatchObject({ status: 403, code: 'DENIED' });
    letOn([
      ['InitiateLayerUpload', OWN],
      ['GetDownloadUrlForLayer', OWN.replace(REPOSITORY, 'other')],
    ]);
    expect(await ask(token, 'POST', mount)).toMatchObject({ status: 201 });
  });
});

describe("ECR's API", () => {
  it.each([
    ['GetAuthorizationToken', '*', new GetAuthorizationTokenCommand({})],
    ['CreateRepository', OWN.replace(REPOSITORY, 'new'), new CreateRepositoryCommand({ repositoryName: 'new' })],
    ['DescribeRepositories', OWN, new DescribeRepositoriesCommand({ repositoryNames: [REPOSITORY] })],
    ['DescribeRepositories', OWN.replace(REPOSITORY, '*'), new DescribeRepositoriesCommand({})],
  ])('takes ecr:%s on %s', async (action, resource, command) => {
    const client = roleClient();

    letOn([]);
    const refused = client.send(command as DescribeRepositoriesCommand);
    await expect(refused).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining(
        `User: ${USER} is not authorized to perform: ecr:${action} on resource: ${resource}`,
      ),
    });
    letOn([[action, resource]]);
    await client.send(command as DescribeRepositoriesCommand);
    client.destroy();
  });

  it('names a missing repository only to whoever may describe it', async () => {
    const client = roleClient();
    const command = new DescribeRepositoriesCommand({ repositoryNames: ['missing'] });

    letOwn('DescribeRepositories');
    await expect(client.send(command)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    letOn([['DescribeRepositories', OWN.replace(REPOSITORY, '*')]]);
    await expect(client.send(command)).rejects.toMatchObject({ name: 'RepositoryNotFoundException' });
    client.destroy();
  });
});

describe("another account's registry", () => {
  const manifest = '/v2/sagemaker-scikit-learn/manifests/1.2-1-cpu-py3';
  const headers = { host: BASE_HOST };

  it('takes a grant on its own repository, and its open policy', async () => {
    const token = await roleToken();

    letOwn('BatchGetImage');
    expect(await ask(token, 'GET', manifest, { headers })).toMatchObject({
      status: 403,
      text: expect.stringContaining(`ecr:BatchGetImage on resource: ${BASE} because no identity-based policy`),
    });
    letOn([['BatchGetImage', BASE]]);
    expect(await ask(token, 'GET', manifest, { headers })).toMatchObject({ status: 200 });
    expect(
      await ask(token, 'GET', manifest, { headers: { host: BASE_HOST.replace('eu-central-1', 'eu-west-1') } }),
    ).toMatchObject({
      status: 403,
    });
  });

  it('is closed where no policy opens it, and to everybody who writes', async () => {
    const { person } = await prepare();
    const path = '/v2/sagemaker-scikit-learn/blobs/uploads/';

    expect(await ask(person, 'POST', path, { headers })).toMatchObject({
      status: 403,
      code: 'DENIED',
      text: expect.stringContaining('because no resource-based policy allows the ecr:InitiateLayerUpload action'),
    });
    open.iam.deploy({ roles: [], resourcePolicies: {} });
    expect(await ask(person, 'GET', manifest, { headers })).toMatchObject({ status: 403, code: 'DENIED' });
  });

  it('is not for a web page, whatever its name', async () => {
    const { person } = await prepare();
    const origin = `http://${BASE_HOST}`;

    expect(await ask(person, 'GET', manifest, { headers: { ...headers, origin } })).toMatchObject({ status: 403 });
    expect(
      await ask(person, 'GET', '/v2/', { headers: { host: 'bucket.s3-website.eu-central-1.amazonaws.com' } }),
    ).toMatchObject({
      status: 403,
    });
  });
});

describe('a token', () => {
  it('is as good as what its principal may do now', async () => {
    await prepare();
    const token = await roleToken();

    letOwn('BatchGetImage');
    expect(await ask(token, 'GET', `/v2/${REPOSITORY}/manifests/there`)).toMatchObject({ status: 200 });
    open.iam.deploy({ roles: [], resourcePolicies: {} });
    expect(await ask(token, 'GET', `/v2/${REPOSITORY}/manifests/there`)).toMatchObject({ status: 403 });
  });

  it('keeps its principal over a restart', async () => {
    await prepare();
    const token = await roleToken();
    await open.registry.close();
    open = await openRegistry({ clock: () => now, dataDir });

    expect(await ask(token, 'GET', `/v2/${REPOSITORY}/manifests/there`)).toMatchObject({
      status: 403,
      text: expect.stringContaining(USER),
    });
    letOwn('BatchGetImage');
    expect(await ask(token, 'GET', `/v2/${REPOSITORY}/manifests/there`)).toMatchObject({ status: 200 });
  });

  it('cannot be made out of another one', async () => {
    const token = await roleToken();
    const [payload, signature] = Buffer.from(token, 'base64').toString().slice('AWS:'.length).split('.');
    const claims = JSON.parse(Buffer.from(payload!, 'base64url').toString());
    const admin = { ...claims, principal: { type: 'user', arn: 'arn:aws:iam::000000000000:user/local-administrator' } };
    const forged = `AWS:${Buffer.from(JSON.stringify(admin)).toString('base64url')}.${signature}`;

    expect(await ask(Buffer.from(forged).toString('base64'), 'GET', '/v2/')).toMatchObject({ status: 401 });
  });
});

describe("a blob's URL", () => {
  const locationOf = async (content: string): Promise<URL> => {
    const { person } = await prepare();
    await open.registry.store.putBlob(open.repository, Buffer.from(content));
    return new URL((await ask(person, 'GET', `/v2/${REPOSITORY}/blobs/${digestOf(content)}`)).location);
  };

  it('is good for that blob alone', async () => {
    const url = await locationOf('mine');
    await open.registry.store.putBlob(open.repository, Buffer.from('theirs'));
    const other = new URL(url);
    other.pathname = `/${digestOf('theirs')}`;

    expect(await (await fetch(url)).text()).toBe('mine');
    expect((await fetch(other)).status).toBe(403);
  });

  it('ends after an hour, and not later because it says so', async () => {
    const url = await locationOf('mine');
    const longer = new URL(url);
    longer.searchParams.set('Expires', String(Number(url.searchParams.get('Expires')) + 3_600));

    now += HOUR_MS + 1_000;

    expect((await fetch(url)).status).toBe(403);
    expect((await fetch(longer)).status).toBe(403);
  });

  it.each(['/', '//', '/%', `/${digestOf('mine')}`, '/sha256:../../token-key'])(
    'is no path such as %s',
    async (path) => {
      const { hostname, port } = await locationOf('mine');

      const status = await new Promise((resolve, reject) => {
        request({ hostname, port, path }, (response) => resolve(response.resume().statusCode))
          .on('error', reject)
          .end();
      });

      expect(status).toBe(403);
    },
  );
});
