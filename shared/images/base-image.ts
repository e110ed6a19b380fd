import { z } from 'zod';
import { RegistryRefusedError, UnsupportedImageError } from '#shared/errors.ts';
import { type BlobDescriptor, Digest } from './digest.ts';
import { type ImageUri, referenceOf } from './image-uri.ts';
import { familyOf, type ImageFamily, INDEX_MEDIA_TYPES } from './media-types.ts';
import type { Manifest, Registry } from './registry.ts';

/** The nodes of Kyma runtimes. */
const PLATFORM = { os: 'linux', architecture: 'amd64' };

/** Docker refuses images of more layers than 127; one is the model's. */
const MAX_BASE_LAYERS = 126;

const Descriptor = z.looseObject({
  mediaType: z.string(),
  digest: Digest,
  size: z.int().nonnegative(),
  urls: z.array(z.string()).optional(),
});

export const ImageManifest = z.looseObject({
  schemaVersion: z.literal(2),
  config: Descriptor,
  layers: z.array(Descriptor).min(1),
});
export type ImageManifest = z.infer<typeof ImageManifest>;

const ImageIndex = z.looseObject({
  manifests: z.array(
    z.looseObject({
      digest: Digest,
      platform: z.looseObject({ os: z.string(), architecture: z.string() }).optional(),
    }),
  ),
});

export interface LayerDescriptor extends BlobDescriptor {
  readonly mediaType: string;
}

/** An image of one platform, by its digest. */
export interface BaseImage {
  /** `registry/repository@digest`: the same image tomorrow, wherever its tag points then. */
  readonly uri: string;
  readonly digest: Digest;
  readonly family: ImageFamily;
  readonly config: BlobDescriptor;
  readonly layers: readonly LayerDescriptor[];
}

/**
 * Finds the image that a model is put on: the one for linux/amd64, where there are several.
 *
 * @throws UnsupportedImageError for an image that no layer can be added to.
 */
export const resolveBaseImage = async (registry: Registry, image: ImageUri): Promise<BaseImage> => {
  const manifest = await platformManifest(registry, image);
  const family = familyOf(manifest.mediaType);
  const parsed = ImageManifest.safeParse(parseJson(manifest.bytes));
  if (!family || !parsed.success) {
    throw unsupported(image, `its manifest is a "${manifest.mediaType}", not a Docker version 2 or OCI image`);
  }
  const { config, layers } = parsed.data;
  if (layers.length > MAX_BASE_LAYERS) throw unsupported(image, `it has ${layers.length} layers; one more is too many`);
  const foreign = layers.find(({ urls, mediaType }) => urls?.length || /foreign|nondistributable/.test(mediaType));
  if (foreign) throw unsupported(image, `its layer ${foreign.digest} lies outside the registry`);
  return {
    uri: `${image.registry}/${image.repository}@${manifest.digest}`,
    digest: manifest.digest,
    family,
    config: { digest: config.digest, sizeBytes: config.size },
    layers: layers.map(({ digest, size, mediaType }) => ({ digest, sizeBytes: size, mediaType })),
  };
};

const platformManifest = async (registry: Registry, image: ImageUri): Promise<Manifest> => {
  const manifest = await findImage(registry, image, referenceOf(image));
  if (!INDEX_MEDIA_TYPES.includes(manifest.mediaType)) return manifest;
  const index = ImageIndex.safeParse(parseJson(manifest.bytes));
  if (!index.success) throw unsupported(image, 'its list of platforms is malformed');
  const platforms = index.data.manifests.flatMap(({ platform }) =>
    platform ? [`${platform.os}/${platform.architecture}`] : [],
  );
  const match = index.data.manifests.find(
    ({ platform }) => platform?.os === PLATFORM.os && platform.architecture === PLATFORM.architecture,
  );
  if (!match) throw unsupported(image, `it is for ${platforms.join(', ')} and not for linux/amd64`);
  return findImage(registry, image, match.digest);
};

const findImage = async (registry: Registry, image: ImageUri, reference: string): Promise<Manifest> => {
  const manifest = await registry.findManifest(image.repository, reference);
  if (manifest) return manifest;
  throw new RegistryRefusedError(`The registry ${image.registry} has no image ${image.repository}:${reference}.`);
};

export const parseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
};

const unsupported = ({ registry, repository, ...image }: ImageUri, problem: string): UnsupportedImageError =>
  new UnsupportedImageError(
    `A model can't be put on ${registry}/${repository}:${referenceOf({ registry, repository, ...image })}: ${problem}.`,
  );
