import { describe, expect, it } from 'vitest';
import { resolveBaseImage } from '#shared/images/base-image.ts';
import { digestOf } from '#shared/images/digest.ts';
import { DOCKER, INDEX_MEDIA_TYPES, OCI } from '#shared/images/media-types.ts';
import type { Registry } from '#shared/images/registry.ts';

const IMAGE = { registry: 'registry', repository: 'base', tag: 'v1' };

/** A registry of manifests by tag; each is there by its digest too. */
const registryOf = (manifests: Record<string, { mediaType: string; content: object }>) => {
  const byReference = new Map(
    Object.entries(manifests).flatMap(([tag, { mediaType, content }]) => {
      const bytes = Buffer.from(JSON.stringify(content));
      const manifest = { mediaType, bytes, digest: digestOf(bytes) };
      return [[tag, manifest] as const, [manifest.digest, manifest] as const];
    }),
  );
  return {
    findManifest: async (_: string, reference: string) => byReference.get(reference),
    digestOf: (tag: string) => byReference.get(tag)!.digest,
  } as unknown as Registry & { digestOf(tag: string): string };
};

const layer = (name: string, more: object = {}) => ({
  mediaType: DOCKER.layer,
  digest: digestOf(name),
  size: 7,
  ...more,
});

const manifest = ({ mediaType = DOCKER.manifest, layers = [layer('one')] as object[] } = {}) => ({
  mediaType,
  content: {
    schemaVersion: 2,
    mediaType,
    config: { mediaType: DOCKER.config, digest: digestOf('config'), size: 2 },
    layers,
  },
});

describe('a base image', () => {
  it.each([
    ['Docker', DOCKER],
    ['OCI', OCI],
  ])('in the format of %s keeps its family, its config and its layers', async (_, family) => {
    const registry = registryOf({ v1: manifest({ mediaType: family.manifest }) });

    expect(await resolveBaseImage(registry, IMAGE)).toEqual({
      uri: `registry/base@${registry.digestOf('v1')}`,
      digest: registry.digestOf('v1'),
      family,
      config: { digest: digestOf('config'), sizeBytes: 2 },
      layers: [{ digest: digestOf('one'), sizeBytes: 7, mediaType: DOCKER.layer }],
    });
  });

  it.each(INDEX_MEDIA_TYPES)('of several platforms, in %s, is the one for linux/amd64', async (mediaType) => {
    const images = { arm: manifest({ layers: [layer('arm')] }), amd: manifest({ layers: [layer('amd')] }) };
    const inner = registryOf(images);
    const manifests = [
      { digest: inner.digestOf('arm'), platform: { os: 'linux', architecture: 'arm64' } },
      { digest: inner.digestOf('amd'), platform: { os: 'linux', architecture: 'amd64' } },
    ];
    const registry = registryOf({ ...images, v1: { mediaType, content: { schemaVersion: 2, manifests } } });

    const base = await resolveBaseImage(registry, IMAGE);

    expect(base.layers.map(({ digest }) => digest)).toEqual([digestOf('amd')]);
  });

  it.each<[string, { mediaType: string; content: object }, string]>([
    [
      'is for other platforms only',
      {
        mediaType: INDEX_MEDIA_TYPES[0]!,
        content: { manifests: [{ digest: digestOf('x'), platform: { os: 'linux', architecture: 'arm64' } }] },
      },
      'linux/arm64 and not for linux/amd64',
    ],
    [
      'is in Docker’s first format',
      { mediaType: 'application/vnd.docker.distribution.manifest.v1+prettyjws', content: { schemaVersion: 1 } },
      'not a Docker version 2 or OCI image',
    ],
    [
      'has a layer elsewhere',
      manifest({ layers: [layer('x', { urls: ['https://elsewhere'] })] }),
      'outside the registry',
    ],
    [
      'has a layer that may not be distributed',
      manifest({ layers: [layer('x', { mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip' })] }),
      'outside the registry',
    ],
    [
      'has all the layers that an image may have',
      manifest({ layers: Array.from({ length: 127 }, (_, index) => layer(String(index))) }),
      'one more is too many',
    ],
    [
      'names a layer by no digest',
      manifest({ layers: [layer('x', { digest: '../../etc' })] }),
      'not a Docker version 2',
    ],
  ])('is refused when it %s', async (_, content, expected) => {
    await expect(resolveBaseImage(registryOf({ v1: content }), IMAGE)).rejects.toMatchObject({
      name: 'UnsupportedImageError',
      message: expect.stringContaining(expected),
    });
  });

  it('that the registry doesn’t have is called by its name', async () => {
    await expect(resolveBaseImage(registryOf({}), IMAGE)).rejects.toMatchObject({
      name: 'RegistryRefusedError',
      message: expect.stringContaining('base:v1'),
    });
  });
});
