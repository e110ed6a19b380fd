import type { BlobDescriptor, Digest } from './digest.ts';
import type { ImageUri } from './image-uri.ts';

/** A registry of images, by the OCI distribution API. */
export interface Registry {
  /** Host, and port if there is one: the first part of its images' URIs. */
  readonly host: string;
  /** A manifest by tag or digest; undefined when the repository has none of that name. */
  findManifest(repository: string, reference: string): Promise<Manifest | undefined>;
  /** Writes a manifest whose blobs are all there, under a tag. A tag that is taken by another image is refused. */
  putManifest(repository: string, tag: string, manifest: Manifest): Promise<void>;
  hasBlob(repository: string, digest: Digest): Promise<boolean>;
  /** Takes over a blob of another repository of this registry; false when the registry doesn't do that. */
  mountBlob(repository: string, digest: Digest, fromRepository: string): Promise<boolean>;
  /** A blob's bytes, taken up again where a connection broke. The end is only reached when digest and size are right. */
  readBlob(repository: string, blob: BlobDescriptor): AsyncIterable<Buffer>;
  /** Uploads a blob in parts. `open` gives its bytes from the beginning, once more for each upload that has to start again. */
  pushBlob(repository: string, blob: BlobDescriptor, open: () => AsyncIterable<Buffer>): Promise<void>;
}

export interface Manifest {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Buffer;
}

/** The registries that this account may use. */
export interface Registries {
  /** The account's own registry in its region, which takes the images of models. */
  ownRegistry(): Promise<Registry>;
  /** The registry that an image lies in. */
  registryOf(image: ImageUri): Promise<Registry>;
  /** What a cluster needs to pull from the own registry. */
  pullCredentials(): Promise<PullCredentials>;
}

export interface PullCredentials {
  readonly host: string;
  readonly username: string;
  readonly password: string;
  readonly expiresAt: Date;
}
