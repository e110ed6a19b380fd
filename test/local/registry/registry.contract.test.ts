import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import {
  CreateRepositoryCommand,
  DescribeRepositoriesCommand,
  GetAuthorizationTokenCommand,
  ListImagesCommand,
} from '@aws-sdk/client-ecr';
import { afterEach, describe, expect, it } from 'vitest';
import { seedBaseImage } from '#local/registry/base-image.ts';
import { BY_THE_BOOK } from '#local/registry/quirks.ts';
import type { RegistryOptions } from '#local/registry/registry.ts';
import { resolveBaseImage } from '#shared/images/base-image.ts';
import { digestOf } from '#shared/images/digest.ts';
import { parseImageUri } from '#shared/images/image-uri.ts';
import { DOCKER } from '#shared/images/media-types.ts';
import { untar } from '#test/shared/images/archives.ts';
import { BASE_IMAGE_URI, openRegistry, REPOSITORY } from './open-registry.ts';

const HOUR_MS = 60 * 60 * 1000;
const MIB = 1024 * 1024;

const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

/** A registry with a fresh token, and `ask`, which sends it one request of the distribution API. */
const openApi = async (options: Partial<RegistryOptions> = {}) => {
  const open = await openRegistry(options);
  opened.push(open.close);
  const { authorizationData } = await open.client.send(new GetAuthorizationTokenCommand({}));
  const token = authorizationData![0]!.authorizationToken!;
  const ask = async (
    method: string,
    path: string,
    { headers = {}, body }: { headers?: object; body?: Buffer } = {},
  ) => {
    const answer = await fetch(new URL(path, open.registry.url), {
      method,
      headers: { authorization: `Basic ${token}`, ...headers },
      redirect: 'manual',
      ...(body && { body: new Uint8Array(body) }),
    });
    const text = await answer.text();
    const code = /"code":"(\w+)"/.exec(text)?.[1];
    return { status: answer.status, headers: answer.headers, text, code };
  };
  const beginUpload = async () => (await ask('POST', `/v2/${REPOSITORY}/blobs/uploads/`)).headers.get('location')!;
  const push = async (bytes: Buffer) => ask('PUT', `${await beginUpload()}?digest=${digestOf(bytes)}`, { body: bytes });
  return { ...open, token, ask, beginUpload, push };
};

describe('ECR’s API', () => {
  it('gives a token of the user AWS for twelve hours, and says where the registry is', async () => {
    const now = Date.parse('2026-11-24T12:00:00Z');
    const { client, registry } = await openApi({ clock: () => now });

    const { authorizationData } = await client.send(new GetAuthorizationTokenCommand({}));

    const { authorizationToken, expiresAt, proxyEndpoint } = authorizationData![0]!;
    expect(Buffer.from(authorizationToken!, 'base64').toString()).toMatch(/^AWS:.+/);
    expect(expiresAt).toEqual(new Date(now + 12 * HOUR_MS));
    expect(proxyEndpoint).toBe(registry.url);
  });

  it('creates a repository once and describes it', async () => {
    const { client, registry } = await openApi();
    const input = { repositoryName: 'team/models', imageTagMutability: 'IMMUTABLE' as const };

    const { repository } = await client.send(new CreateRepositoryCommand(input));
    const { repositories } = await client.send(new DescribeRepositoriesCommand({ repositoryNames: ['team/models'] }));

    expect(repositories).toEqual([repository]);
    expect(repository).toMatchObject({
      repositoryName: 'team/models',
      repositoryUri: `${new URL(registry.url).host}/team/models`,
      repositoryArn: 'arn:aws:ecr:eu-central-1:000000000000:repository/team/models',
      imageTagMutability: 'IMMUTABLE',
    });
    await expect(client.send(new CreateRepositoryCommand(input))).rejects.toMatchObject({
      name: 'RepositoryAlreadyExistsException',
    });
  });

  it('lists the account’s repositories only', async () => {
    const { client } = await openApi();

    const { repositories } = await client.send(new DescribeRepositoriesCommand({}));

    expect(repositories?.map(({ repositoryName }) => repositoryName)).toEqual([REPOSITORY]);
  });

  it('refuses what it doesn’t know by name', async () => {
    const { client } = await openApi();

    await expect(client.send(new DescribeRepositoriesCommand({ repositoryNames: ['missing'] }))).rejects.toMatchObject({
      name: 'RepositoryNotFoundException',
    });
    await expect(client.send(new CreateRepositoryCommand({ repositoryName: 'Upper' }))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    await expect(client.send(new ListImagesCommand({ repositoryName: REPOSITORY }))).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: expect.stringContaining('ListImages'),
    });
  });
});

describe('a token', () => {
  it.each([
    ['Basic, with the user AWS', (token: string) => `Basic ${token}`],
    ['Bearer', (token: string) => `Bearer ${token}`],
  ])('opens the registry as %s', async (_, header) => {
    const { ask, token } = await openApi();

    expect((await ask('GET', '/v2/', { headers: { authorization: header(token) } })).status).toBe(200);
  });

  it.each([
    ['none', ''],
    ['another user’s', `Basic ${Buffer.from('me:secret').toString('base64')}`],
    ['a forged one', `Basic ${Buffer.from('AWS:OTk5OTk5OTk5OTk5OQ.AAAA').toString('base64')}`],
    ['nonsense', 'Basic ???'],
  ])('is missed by name: %s', async (_, authorization) => {
    const { ask } = await openApi();

    const answer = await ask('GET', '/v2/', { headers: { authorization } });

    expect(answer).toMatchObject({ status: 401, code: 'UNAUTHORIZED' });
    expect(answer.headers.get('www-authenticate')).toContain('Basic realm=');
  });

  it('ends after twelve hours', async () => {
    let now = Date.now();
    const { ask } = await openApi({ clock: () => now });

    now += 12 * HOUR_MS - 1000;
    expect((await ask('GET', '/v2/')).status).toBe(200);
    now += 2000;
    const late = await ask('GET', '/v2/');

    expect(late).toMatchObject({ status: 403, code: 'DENIED', text: expect.stringContaining('has expired') });
  });
});

describe('an upload', () => {
  it('is answered as ECR does: 201, and a Range that stays behind', async () => {
    const { ask, beginUpload } = await openApi();
    const location = await beginUpload();
    const part = Buffer.alloc(5 * MIB);

    const first = await ask('PATCH', location, { body: part, headers: { 'content-range': `0-${part.length - 1}` } });
    const second = await ask('PATCH', location, {
      body: part,
      headers: { 'content-range': `${part.length}-${2 * part.length - 1}` },
    });

    expect([first.status, second.status]).toEqual([201, 201]);
    expect([first, second].map(({ headers }) => headers.get('range'))).toEqual(['0-5242879', '0-5242879']);
  });

  it('by the book is answered with 202 and the Range that there is', async () => {
    const { ask, beginUpload } = await openApi({ quirks: BY_THE_BOOK });
    const location = await beginUpload();

    await ask('PATCH', location, { body: Buffer.from('abc') });
    const second = await ask('PATCH', location, { body: Buffer.from('def') });

    expect(second.status).toBe(202);
    expect(second.headers.get('range')).toBe('0-5');
  });

  it('refuses a part that begins elsewhere, and one after a part of less than 5 MiB', async () => {
    const { ask, beginUpload } = await openApi();
    const location = await beginUpload();

    const elsewhere = await ask('PATCH', location, { body: Buffer.from('abc'), headers: { 'content-range': '7-9' } });
    await ask('PATCH', location, { body: Buffer.from('abc') });
    const afterSmall = await ask('PATCH', location, { body: Buffer.from('def') });

    expect(elsewhere.status).toBe(416);
    expect(afterSmall).toMatchObject({ status: 400, text: expect.stringContaining('5242880') });
  });

  it('refuses bytes of another digest, and forgets them', async () => {
    const { ask, beginUpload } = await openApi();
    const location = await beginUpload();

    const wrong = await ask('PUT', `${location}?digest=${digestOf('other')}`, { body: Buffer.from('abc') });

    expect(wrong).toMatchObject({ status: 400, code: 'DIGEST_INVALID' });
    expect(await ask('PATCH', location, { body: Buffer.from('abc') })).toMatchObject({
      status: 404,
      code: 'BLOB_UPLOAD_UNKNOWN',
    });
  });

  it('of a layer that is there is refused', async () => {
    const { push } = await openApi();

    expect((await push(Buffer.from('abc'))).status).toBe(201);
    expect(await push(Buffer.from('abc'))).toMatchObject({ status: 400, code: 'LAYER_ALREADY_EXISTS' });
  });

  it('can be cancelled, and belongs to its repository', async () => {
    const { ask, beginUpload, registry, repository } = await openApi();
    await registry.store.createRepository({ ...repository, name: 'other' }, 'MUTABLE');
    const location = await beginUpload();

    expect((await ask('GET', location.replace(REPOSITORY, 'other'))).status).toBe(404);
    expect((await ask('DELETE', location)).status).toBe(204);
    expect((await ask('GET', location)).status).toBe(404);
  });
});

describe('a blob', () => {
  it('is fetched elsewhere, without credentials', async () => {
    const { ask, push } = await openApi();
    await push(Buffer.from('abc'));

    const { status, headers } = await ask('GET', `/v2/${REPOSITORY}/blobs/${digestOf('abc')}`);
    const url = headers.get('location')!;

    expect(status).toBe(307);
    expect(await (await fetch(url)).text()).toBe('abc');
    expect(await (await fetch(url, { headers: { range: 'bytes=1-' } })).text()).toBe('bc');
    expect((await fetch(url, { headers: { authorization: 'Basic x' } })).status).toBe(400);
    expect((await fetch(url.replace(/Signature=.*/, 'Signature=0'))).status).toBe(403);
  });

  it('is in the repository that it was pushed to, and in no other', async () => {
    const { ask, push, registry, repository } = await openApi();
    await registry.store.createRepository({ ...repository, name: 'other' }, 'MUTABLE');
    await push(Buffer.from('abc'));

    expect((await ask('HEAD', `/v2/${REPOSITORY}/blobs/${digestOf('abc')}`)).status).toBe(200);
    expect((await ask('HEAD', `/v2/other/blobs/${digestOf('abc')}`)).status).toBe(404);
  });
});

describe('images', () => {
  const withTags = async (...tags: string[]) => {
    const api = await openApi();
    await api.push(Buffer.from('{}'));
    const descriptor = { digest: digestOf('{}'), size: 2 };
    for (const tag of tags) {
      const manifest = {
        schemaVersion: 2,
        config: { mediaType: DOCKER.config, ...descriptor },
        layers: [{ mediaType: DOCKER.layer, ...descriptor }],
        annotations: { tag },
      };
      const headers = { 'content-type': DOCKER.manifest };
      await api.ask('PUT', `/v2/${REPOSITORY}/manifests/${tag}`, {
        headers,
        body: Buffer.from(JSON.stringify(manifest)),
      });
    }
    return api;
  };

  it('are listed by their tags, page by page', async () => {
    const { ask } = await withTags('c', 'a', 'b');

    const all = await ask('GET', `/v2/${REPOSITORY}/tags/list`);
    const first = await ask('GET', `/v2/${REPOSITORY}/tags/list?n=2`);
    const next = /<(.+)>/.exec(first.headers.get('link')!)![1]!;
    const last = await ask('GET', next);

    expect(JSON.parse(all.text)).toEqual({ name: REPOSITORY, tags: ['a', 'b', 'c'] });
    expect(JSON.parse(first.text).tags).toEqual(['a', 'b']);
    expect(JSON.parse(last.text).tags).toEqual(['c']);
    expect(last.headers.get('link')).toBeNull();
  });

  it('are there after a restart, and so are tokens; uploads are not', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'registry-'));
    opened.push(() => rm(dataDir, { recursive: true }));
    const before = await openApi({ dataDir });
    await before.push(Buffer.from('abc'));
    const upload = await before.beginUpload();
    await before.registry.close();

    const after = await openApi({ dataDir });
    const headers = { authorization: `Basic ${before.token}` };

    expect((await after.ask('HEAD', `/v2/${REPOSITORY}/blobs/${digestOf('abc')}`, { headers })).status).toBe(200);
    expect((await after.ask('GET', upload, { headers })).status).toBe(404);
  });

  it('of other accounts are read by their host, and not written', async () => {
    const { registries } = await openApi();
    const base = await registries.registryOf({
      registry: BASE_IMAGE_URI.split('/')[0]!,
      repository: 'any',
      tag: 'any',
    });
    const own = await registries.ownRegistry();
    const manifest = (await base.findManifest('sagemaker-scikit-learn', '1.2-1-cpu-py3'))!;

    await expect(own.findManifest('sagemaker-scikit-learn', '1.2-1-cpu-py3')).rejects.toMatchObject({
      message: expect.stringContaining("registry with id '000000000000'"),
    });
    await expect(base.putManifest('sagemaker-scikit-learn', 'mine', manifest)).rejects.toMatchObject({
      message: expect.stringContaining('not authorized'),
    });
  });

  it.each([
    ['DELETE', `/v2/${REPOSITORY}/manifests/a`],
    ['GET', '/v2/_catalog'],
    ['GET', `/v2/${REPOSITORY}/referrers/${digestOf('a')}`],
    ['GET', `/v2/${REPOSITORY}/../../etc/passwd`],
    ['GET', `/v2/${REPOSITORY}/manifests/%2e%2e%2f%2e%2e`],
  ])('are not had by %s %s, which is refused', async (method, path) => {
    const { ask } = await withTags('a');

    expect([404, 405, 400]).toContain((await ask(method, path)).status);
  });

  it('are no longer than ECR takes', async () => {
    const { ask } = await openApi();

    const answer = await ask('PUT', `/v2/${REPOSITORY}/manifests/a`, {
      headers: { 'content-type': DOCKER.manifest },
      body: Buffer.alloc(4 * MIB + 1, ' '),
    });

    expect(answer).toMatchObject({ status: 413, code: 'SIZE_INVALID' });
  });

  it.each([
    ['of an unknown kind', 'application/vnd.oci.artifact.manifest.v1+json', '{}', 'MANIFEST_INVALID'],
    ['that are no JSON', DOCKER.manifest, 'nothing', 'MANIFEST_INVALID'],
    ['without layers', DOCKER.manifest, '{}', 'MANIFEST_INVALID'],
  ])('%s are refused', async (_, mediaType, text, code) => {
    const { ask } = await openApi();

    const answer = await ask('PUT', `/v2/${REPOSITORY}/manifests/a`, {
      headers: { 'content-type': mediaType },
      body: Buffer.from(text),
    });

    expect(answer).toMatchObject({ status: 400, code });
  });
});

describe('the base image', () => {
  it('is the same each time', async () => {
    const [one, other] = [await openApi(), await openApi()];

    expect(one.baseDigest).toMatch(/^sha256:/);
    expect(other.baseDigest).toBe(one.baseDigest);
  });

  it('holds the laptop’s model server, which serve starts', async () => {
    const { registries, registry } = await openApi();
    const image = parseImageUri(BASE_IMAGE_URI);
    const { layers } = await resolveBaseImage(await registries.registryOf(image), image);

    const files = await untar(gunzipSync(await buffer(registry.store.readBlob(layers[1]!.digest))));

    expect([...files.keys()]).toEqual([
      'usr/local/bin/serve',
      'usr/local/lib/model-server/fedml_container.py',
      'usr/local/lib/model-server/server.py',
    ]);
    expect(files.get('usr/local/bin/serve')?.header.mode).toBe(0o755);
    expect(files.get('usr/local/bin/serve')?.text).toContain('/usr/local/lib/model-server/server.py /opt/ml');
  });

  it('is put at ECR’s addresses only', async () => {
    const { registry } = await openApi();

    await expect(seedBaseImage(registry, { imageUris: ['docker.io/python:3'] })).rejects.toThrow('docker.io/python:3');
  });
});
