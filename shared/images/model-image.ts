import { buffer } from 'node:stream/consumers';
import { RegistryRefusedError } from '#shared/errors.ts';
import { type BaseImage, ImageManifest, parseJson } from './base-image.ts';
import { type BlobDescriptor, type Digest, digestOf } from './digest.ts';
import { modelImageConfig } from './image-config.ts';
import type { ModelLayer } from './model-layer.ts';
import type { Registry } from './registry.ts';
import type { Serving } from './serving.ts';

export interface ModelImageRequest {
  /** Where the base image's config is read. */
  readonly baseRegistry: Registry;
  readonly baseRepository: string;
  readonly base: BaseImage;
  readonly layer: ModelLayer;
  readonly serving: Serving;
  readonly entryPoint: string;
  /** Where the image goes; it has the base's layers already. */
  readonly registry: Registry;
  readonly repository: string;
  /** The tag's first part, for people. */
  readonly name: string;
}

export interface PushedImage {
  readonly tag: string;
  readonly digest: Digest;
  /** What went to the registry of layer, config and manifest; 0 when the image was there. */
  readonly bytesPushed: number;
}

/**
 * Puts a model's layer on a base image. The tag names the content: where it exists, the image exists, and nothing is sent.
 *
 * The tag goes by the config, in which the layer appears uncompressed; an image that an older zlib has packed is found too.
 */
export const pushModelImage = async (request: ModelImageRequest): Promise<PushedImage> => {
  const { registry, repository, base, layer } = request;
  const config = await configOf(request);
  const tag = `${request.name}-${config.digest.slice('sha256:'.length, 'sha256:'.length + TAG_DIGITS)}`;
  const existing = await findImage(request, tag, config.digest);
  if (existing) return { tag, digest: existing, bytesPushed: 0 };

  let bytesPushed = await pushMissing(registry, repository, layer, layer.open);
  bytesPushed += await pushMissing(registry, repository, config, () => once(config.bytes));
  const manifest = imageManifest(base, config, layer);
  try {
    await registry.putManifest(repository, tag, manifest);
  } catch (error) {
    // Tags can't be moved: another run may have pushed the same image in the meantime.
    const theirs = error instanceof RegistryRefusedError && (await findImage(request, tag, config.digest));
    if (!theirs) throw error;
    return { tag, digest: theirs, bytesPushed };
  }
  return { tag, digest: manifest.digest, bytesPushed: bytesPushed + manifest.bytes.length };
};

/** 48 bits of a digest tell all images of a pipeline apart. */
const TAG_DIGITS = 12;

interface Config extends BlobDescriptor {
  readonly bytes: Buffer;
}

const configOf = async (request: ModelImageRequest): Promise<Config> => {
  const { baseRegistry, baseRepository, base, layer, serving, entryPoint } = request;
  const baseConfig = await buffer(baseRegistry.readBlob(baseRepository, base.config));
  const environment = serving.environment({ entryPoint, hasRequirements: layer.hasRequirements });
  const bytes = modelImageConfig({ base, baseConfig, diffId: layer.diffId, environment, user: serving.user });
  return { bytes, digest: digestOf(bytes), sizeBytes: bytes.length };
};

const findImage = async (
  { registry, repository }: ModelImageRequest,
  tag: string,
  configDigest: Digest,
): Promise<Digest | undefined> => {
  const manifest = await registry.findManifest(repository, tag);
  const parsed = manifest && ImageManifest.safeParse(parseJson(manifest.bytes));
  return parsed?.success && parsed.data.config.digest === configDigest ? manifest?.digest : undefined;
};

const pushMissing = async (
  registry: Registry,
  repository: string,
  blob: BlobDescriptor,
  open: () => AsyncIterable<Buffer>,
): Promise<number> => {
  if (await registry.hasBlob(repository, blob.digest)) return 0;
  await registry.pushBlob(repository, blob, open);
  return blob.sizeBytes;
};

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

const imageManifest = ({ family, layers }: BaseImage, config: BlobDescriptor, layer: BlobDescriptor) => {
  const descriptor = (mediaType: string, { digest, sizeBytes }: BlobDescriptor) => ({
    mediaType,
    size: sizeBytes,
    digest,
  });
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: family.manifest,
      config: descriptor(family.config, config),
      layers: [...layers.map((base) => descriptor(base.mediaType, base)), descriptor(family.layer, layer)],
    }),
  );
  return { mediaType: family.manifest, digest: digestOf(bytes), bytes };
};
