import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type ImageReference, parseImageReference } from './image-reference.ts';
import { unpackLayer } from './layer.ts';

/** An image that lies unpacked on this node. */
export interface PulledImage {
  /** What of the image's file system is under `/opt`. */
  readonly rootDir: string;
  readonly config: ImageConfig;
}

export interface ImageConfig {
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly User?: string;
}

/** `{ host: "Basic …" }`, out of a pod's pull secrets. */
export type RegistryCredentials = Readonly<Record<string, string>>;

export interface ImagePuller {
  /** Throws PullError. An image that is here is not pulled again. */
  pull(image: string, credentials: RegistryCredentials): Promise<PulledImage>;
  has(image: string): boolean;
  /** Forgets all images, as a new node would not have them. */
  clear(): Promise<void>;
}

/** Why an image could not be pulled, as a node says it. */
export class PullError extends Error {
  override readonly name = 'PullError';
}

const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** A manifest or config of more than this is none. */
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

interface Manifest {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string; readonly mediaType: string }[];
}

/** Pulls from the registries of this machine only. Every byte is held against its digest. */
export const openImagePuller = (dataDir: string): ImagePuller => {
  const images = new Map<string, Promise<PulledImage>>();
  const present = new Set<string>();
  return {
    async pull(image, credentials) {
      const pulling = images.get(image) ?? pull(dataDir, image, credentials);
      images.set(image, pulling);
      try {
        const pulled = await pulling;
        present.add(image);
        return pulled;
      } catch (error) {
        images.delete(image);
        throw error instanceof PullError ? error : new PullError(describe(image, causeOf(error as Error)));
      }
    },
    has: (image) => present.has(image),
    async clear() {
      images.clear();
      present.clear();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
};

const causeOf = (error: Error): string => (error.cause instanceof Error ? error.cause.message : error.message);

const describe = (image: string, why: string): string =>
  `failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${why}`;

const pull = async (dataDir: string, image: string, credentials: RegistryCredentials): Promise<PulledImage> => {
  const reference = parseImageReference(image);
  if (!reference) throw new PullError(`couldn't parse image name "${image}": invalid reference format`);
  if (!/^(127\.0\.0\.1|localhost)(:|$)/.test(reference.host)) {
    throw new PullError(describe(image, "the laptop's nodes pull from registries on 127.0.0.1 only"));
  }
  const registry = registryOf(reference, credentials[reference.host]);
  const manifest = JSON.parse(await registry.manifest()) as Manifest;
  const { config = {} } = JSON.parse(await registry.document(manifest.config.digest)) as { config?: ImageConfig };
  await mkdir(dataDir, { recursive: true });
  const unpacking = await mkdtemp(join(dataDir, 'unpacking-'));
  try {
    for (const { digest } of manifest.layers) {
      await unpackLayer(Readable.from(verified(await registry.blob(digest), digest)), unpacking);
    }
    const rootDir = join(dataDir, createHash('sha256').update(image).digest('hex').slice(0, 16));
    await rm(rootDir, { recursive: true, force: true });
    await rename(unpacking, rootDir);
    return { rootDir, config };
  } catch (error) {
    await rm(unpacking, { recursive: true, force: true });
    throw error;
  }
};

const registryOf = ({ text, host, repository, reference }: ImageReference, authorization: string | undefined) => {
  const get = async (path: string, accept = '*/*'): Promise<AsyncIterable<Uint8Array>> => {
    const response = await fetch(`http://${host}/v2/${repository}/${path}`, {
      headers: { accept, ...(authorization && { authorization }) },
    });
    if (response.ok && response.body) return response.body;
    await response.body?.cancel();
    throw new PullError(describe(text, refusal(response.status, authorization, host)));
  };
  const document = async (path: string, digest: string, accept?: string): Promise<string> => {
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const chunk of verified(await get(path, accept), digest)) {
      sizeBytes += chunk.length;
      if (sizeBytes > MAX_DOCUMENT_BYTES) throw new PullError(describe(text, `${path} is too large`));
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  };
  return {
    manifest: () => document(`manifests/${reference}`, reference, MANIFEST_TYPES),
    document: (digest: string) => document(`blobs/${digest}`, digest),
    blob: (digest: string) => get(`blobs/${digest}`),
  };
};

const refusal = (status: number, authorization: string | undefined, host: string): string => {
  if (status === 401 && !authorization)
    return `unexpected status from HEAD request to http://${host}: 401 Unauthorized: no basic auth credentials`;
  if (status === 401 || status === 403) {
    return `unexpected status from HEAD request to http://${host}: ${status} Forbidden: Your authorization token has expired or is not valid. Reauthenticate and try again.`;
  }
  return status === 404 ? 'not found' : `unexpected status from HEAD request to http://${host}: ${status}`;
};

async function* verified(bytes: AsyncIterable<Uint8Array>, digest: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
  const actual = `sha256:${hash.digest('hex')}`;
  if (digest.startsWith('sha256:') && actual !== digest) {
    throw new PullError(`failed to pull: content has the digest ${actual} and is called ${digest}`);
  }
}
