import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { resolveBaseImage } from '#shared/images/base-image.ts';
import { digestOf } from '#shared/images/digest.ts';
import { parseImageUri } from '#shared/images/image-uri.ts';
import { pushModelImage } from '#shared/images/model-image.ts';
import { buildModelLayer } from '#shared/images/model-layer.ts';
import type { Registry } from '#shared/images/registry.ts';
import { registryClient } from '#shared/images/registry-client.ts';
import { servingOf } from '#shared/images/serving.ts';
import { BASE_IMAGE_URI, type OpenRegistry, openRegistry, REPOSITORY } from '#test/local/registry/open-registry.ts';
import { tarGz } from './archives.ts';

const run = promisify(execFile);
const isInstalled = (command: string): boolean => spawnSync(command, ['--version']).error === undefined;
const missing = ['docker-registry', 'skopeo', 'umoci'].filter((command) => !isInstalled(command));
const hint = missing.length > 0 ? ` (skipped: apt-get install ${missing.join(' ')})` : '';

const image = parseImageUri(BASE_IMAGE_URI);
let folder: string;
let open: OpenRegistry;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'second-opinion-'));
  open = await openRegistry();
});
afterAll(async () => {
  await open.close();
  await rm(folder, { recursive: true });
});

/** Builds a model's image in a registry, with the stand-in's base copied there first. */
const pushTo = async (registry: Registry) => {
  const from = await open.registries.registryOf(image);
  const base = await resolveBaseImage(from, image);
  for (const layer of base.layers) {
    await registry.pushBlob(REPOSITORY, layer, () => from.readBlob(image.repository, layer));
  }
  const serving = servingOf(image.repository);
  const archives = {
    model: async () => Readable.from([await tarGz([{ name: 'model.joblib', content: 'the model' }])]),
    source: async () => Readable.from([await tarGz([{ name: 'train.py', content: 'def model_fn(): ...' }])]),
    entryPoint: 'train.py',
  };
  const layer = await buildModelLayer(archives, serving, await mkdtemp(join(folder, 'layer-')));
  return pushModelImage({
    baseRegistry: from,
    baseRepository: image.repository,
    base,
    layer,
    serving,
    entryPoint: 'train.py',
    registry,
    repository: REPOSITORY,
    name: 'tiny',
  });
};

const inspect = async (source: string, ...options: string[]) =>
  JSON.parse((await run('skopeo', ['inspect', '--tls-verify=false', ...options, source])).stdout);

/** Unpacks an image that skopeo has copied to an OCI layout, and returns its root file system. */
const unpack = async (source: string, ...options: string[]): Promise<string> => {
  const layout = await mkdtemp(join(folder, 'layout-'));
  await run('skopeo', [
    '--insecure-policy',
    'copy',
    '--src-tls-verify=false',
    ...options,
    source,
    `oci:${layout}:model`,
  ]);
  await run('umoci', ['unpack', '--rootless', '--image', `${layout}:model`, `${layout}-unpacked`]);
  return `${layout}-unpacked/rootfs`;
};

describe.skipIf(missing.length > 0)(`an image that our client has pushed to the stand-in${hint}`, () => {
  it('is inspected, copied and unpacked by skopeo and umoci, with a token of ECR’s', async () => {
    const { tag, digest } = await pushTo(await open.registries.ownRegistry());
    const { host, username, password } = await open.registries.pullCredentials();

    const found = await inspect(`docker://${host}/${REPOSITORY}:${tag}`, '--creds', `${username}:${password}`);
    const root = await unpack(`docker://${host}/${REPOSITORY}@${digest}`, '--src-creds', `${username}:${password}`);

    expect(found).toMatchObject({ Digest: digest, Os: 'linux', Architecture: 'amd64', RepoTags: [tag] });
    expect(found.Env).toContain('SAGEMAKER_PROGRAM=train.py');
    expect(await readFile(join(root, 'opt/ml/model/model.joblib'), 'utf8')).toBe('the model');
    expect(await readFile(join(root, 'opt/ml/code/train.py'), 'utf8')).toBe('def model_fn(): ...');
    expect((await stat(join(root, 'usr/local/bin/serve'))).mode & 0o111).toBe(0o111);
  });

  it('has the config and the files, with their modes and owners, that other tools expect of an image', async () => {
    const { tag, digest } = await pushTo(await open.registries.ownRegistry());
    const { host, username, password } = await open.registries.pullCredentials();
    const source = `docker://${host}/${REPOSITORY}:${tag}`;
    const login = ['--creds', `${username}:${password}`];

    const config = await inspect(source, '--config', ...login);
    const { layers } = await inspect(source, '--raw', ...login);
    const copy = await mkdtemp(join(folder, 'copy-'));
    await run('skopeo', [
      '--insecure-policy',
      'copy',
      '--src-tls-verify=false',
      '--src-creds',
      login[1]!,
      source,
      `dir:${copy}`,
    ]);
    const layer = join(copy, layers.at(-1).digest.replace('sha256:', ''));
    const { stdout } = await run('tar', ['--list', '--verbose', '--numeric-owner', '--gzip', '--file', layer], {
      env: { ...process.env, TZ: 'UTC' },
    });

    expect(config.config).toMatchObject({
      User: '1000:1000',
      Cmd: ['serve'],
      ExposedPorts: { '8080/tcp': {} },
      Labels: { 'org.opencontainers.image.base.digest': expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
    });
    expect(config.rootfs.diff_ids).toHaveLength(layers.length);
    expect(config.created).toBe('1970-01-01T00:00:00Z');
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ +/)),
    ).toEqual(
      [
        ['drwxr-xr-x', '0/0', 'opt/'],
        ['drwxr-xr-x', '0/0', 'opt/ml/'],
        ['drwxr-xr-x', '1000/1000', 'opt/ml/code/'],
        ['-rw-r--r--', '1000/1000', 'opt/ml/code/train.py'],
        ['drwxr-xr-x', '0/0', 'opt/ml/model/'],
        ['-rw-r--r--', '0/0', 'opt/ml/model/model.joblib'],
      ].map(([mode, owner, name]) => [mode, owner, expect.any(String), '1970-01-01', expect.any(String), name]),
    );
    expect((await pushTo(await open.registries.ownRegistry())).digest).toBe(digest);
  });

  it('can be pushed back by skopeo, past all of ECR’s ways', async () => {
    const { digest } = await pushTo(await open.registries.ownRegistry());
    const { host, username, password } = await open.registries.pullCredentials();
    const credentials = `${username}:${password}`;
    await open.registry.store.createRepository({ ...open.repository, name: 'copies' }, 'IMMUTABLE');

    await run('skopeo', [
      ...['--insecure-policy', 'copy', '--src-tls-verify=false', '--dest-tls-verify=false', '--preserve-digests'],
      ...['--src-creds', credentials, '--dest-creds', credentials],
      ...[`docker://${host}/${REPOSITORY}@${digest}`, `docker://${host}/copies:again`],
    ]);

    expect(await open.registry.store.findTag({ ...open.repository, name: 'copies' }, 'again')).toBe(digest);
  });
});

describe.skipIf(missing.length > 0)(`an image that our client has pushed to docker-registry${hint}`, () => {
  let dockerRegistry: ChildProcess | undefined;
  afterEach(() => void dockerRegistry?.kill('SIGKILL'));

  it('is the same image there, and unpacks to the same files', async () => {
    const port = await freePort();
    dockerRegistry = await startDockerRegistry(port);
    const registry = registryClient({
      endpoint: `http://127.0.0.1:${port}`,
      host: `127.0.0.1:${port}`,
      authorization: async () => 'Basic anybody',
    });

    const there = await pushTo(registry);
    const again = await pushTo(registry);
    const here = await pushTo(await open.registries.ownRegistry());
    const found = await inspect(`docker://127.0.0.1:${port}/${REPOSITORY}:${there.tag}`);
    const root = await unpack(`docker://127.0.0.1:${port}/${REPOSITORY}@${there.digest}`);

    expect(there.digest).toBe(here.digest);
    expect(again).toEqual({ ...there, bytesPushed: 0 });
    expect(found.Digest).toBe(there.digest);
    expect(await readFile(join(root, 'opt/ml/model/model.joblib'), 'utf8')).toBe('the model');
  });

  it('of many parts arrives whole', async () => {
    const port = await freePort();
    dockerRegistry = await startDockerRegistry(port);
    const registry = registryClient({
      endpoint: `http://127.0.0.1:${port}`,
      host: `127.0.0.1:${port}`,
      authorization: async () => 'Basic anybody',
    });
    const bytes = Buffer.alloc(21 * 1024 * 1024, 'some bytes that come in parts');
    const blob = { digest: digestOf(bytes), sizeBytes: bytes.length };

    await registry.pushBlob(REPOSITORY, blob, async function* () {
      yield bytes;
    });

    let byteCount = 0;
    for await (const chunk of registry.readBlob(REPOSITORY, blob)) byteCount += chunk.length;
    expect(byteCount).toBe(bytes.length);
  });
});

const startDockerRegistry = async (port: number): Promise<ChildProcess> => {
  const root = await mkdtemp(join(folder, 'docker-registry-'));
  await mkdir(join(root, 'data'));
  const settings = [
    'version: 0.1',
    'log: { level: error }',
    `storage: { filesystem: { rootdirectory: ${join(root, 'data')} } }`,
    `http: { addr: "127.0.0.1:${port}" }`,
  ];
  await writeFile(join(root, 'config.yml'), settings.join('\n'));
  const started = spawn('docker-registry', ['serve', join(root, 'config.yml')], { stdio: 'ignore' });
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => undefined);
    if (answer?.ok) return started;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  started.kill('SIGKILL');
  throw new Error('docker-registry did not start within 10 seconds.');
};

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
