import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { ecrHost, parseImageUri } from '#shared/images/image-uri.ts';
import { DOCKER } from '#shared/images/media-types.ts';
import type { RegistryStandIn } from './registry.ts';
import { digestOf, type RepositoryName } from './store.ts';

/**
 * Puts a small image in the place of SageMaker's framework images: the laptop's model server, started by `serve`. It has
 * two layers and the same bytes each time. Returns its digest.
 *
 * @param imageUris the images to stand in for: `<account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>`.
 */
export const seedBaseImage = async (
  { store }: RegistryStandIn,
  { imageUris }: { readonly imageUris: readonly string[] },
): Promise<string> => {
  const layers = [await layer(SYSTEM_FILES), await layer(await serverFiles())];
  const config = Buffer.from(JSON.stringify(imageConfig(layers.map(({ diffId }) => diffId))));
  const manifest = Buffer.from(
    JSON.stringify(
      imageManifest(
        config,
        layers.map(({ bytes }) => bytes),
      ),
    ),
  );
  for (const uri of imageUris) {
    const { registry, repository: name, tag } = parseImageUri(uri);
    const accountId = ecrHost(registry)?.accountId;
    if (!accountId || !tag) throw new TypeError(`Not the URI of an image in ECR with a tag: ${uri}`);
    const repository: RepositoryName = { accountId, name };
    if (!(await store.findRepository(repository))) await store.createRepository(repository, 'MUTABLE');
    for (const bytes of [config, ...layers.map(({ bytes }) => bytes)]) await store.putBlob(repository, bytes);
    await store.setTag(repository, tag, await store.putManifest(repository, DOCKER.manifest, manifest));
  }
  return digestOf(manifest);
};

interface ImageFile {
  readonly name: string;
  readonly content: string | Buffer;
  readonly executable?: boolean;
}

const SERVER_FOLDER = 'usr/local/lib/model-server';
const SERVER_MODULES = ['fedml_container.py', 'server.py'];

/** SageMaker's `serve`, in two lines: the port is the container's, the log is not buffered. */
const SERVE = `#!/bin/sh
exec python3 -u /${SERVER_FOLDER}/server.py /opt/ml "\${SAGEMAKER_BIND_TO_PORT:-8080}"
`;

const SYSTEM_FILES: readonly ImageFile[] = [
  {
    name: 'etc/passwd',
    content: 'root:x:0:0:root:/root:/bin/sh\nmodel-server:x:1000:1000::/home/model-server:/bin/sh\n',
  },
  { name: 'etc/os-release', content: 'NAME="Stand-in of a SageMaker framework image"\nID=stand-in\n' },
];

const serverFiles = async (): Promise<ImageFile[]> => {
  const modules = await Promise.all(
    SERVER_MODULES.map(async (name) => ({
      name: `${SERVER_FOLDER}/${name}`,
      content: await readFile(join(import.meta.dirname, '../sagemaker/python', name)),
    })),
  );
  return [{ name: 'usr/local/bin/serve', content: SERVE, executable: true }, ...modules];
};

const layer = async (files: readonly ImageFile[]) => {
  const archive = pack();
  for (const { name, content, executable } of files) {
    archive.entry({ name, mode: executable ? 0o755 : 0o644, mtime: new Date(0), uid: 0, gid: 0 }, content);
  }
  archive.finalize();
  const plain = await buffer(archive);
  const diffId = `sha256:${createHash('sha256').update(plain).digest('hex')}`;
  const bytes = await buffer(createGzip({ level: 9 }).end(plain));
  return { diffId, bytes };
};

const imageConfig = (diffIds: readonly string[]) => ({
  architecture: 'amd64',
  os: 'linux',
  created: '1970-01-01T00:00:00Z',
  config: {
    Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'PYTHONUNBUFFERED=1'],
    ExposedPorts: { '8080/tcp': {} },
    Labels: { 'com.amazonaws.sagemaker.capabilities.accept-bind-to-port': 'true' },
  },
  rootfs: { type: 'layers', diff_ids: diffIds },
  history: diffIds.map(() => ({ created: '1970-01-01T00:00:00Z', created_by: 'stand-in' })),
});

const imageManifest = (config: Buffer, layers: readonly Buffer[]) => ({
  schemaVersion: 2,
  mediaType: DOCKER.manifest,
  config: { mediaType: DOCKER.config, size: config.length, digest: digestOf(config) },
  layers: layers.map((bytes) => ({ mediaType: DOCKER.layer, size: bytes.length, digest: digestOf(bytes) })),
});
