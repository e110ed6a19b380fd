/** Where ECR differs from the distribution specification. All are on, unless a test looks at a registry by the book. */
export interface EcrQuirks {
  /** A PATCH is answered with 201, and from the second part on with the Range of the first. */
  readonly staleUploadRange: boolean;
  /** Parts but the last have 5 MiB at least. */
  readonly minimumPartBytes: number;
  /** Blobs are not sent but redirected to, on another origin, which refuses requests that bring credentials. */
  readonly redirectsBlobs: boolean;
  /** The account setting BLOB_MOUNTING is off: a mount begins an upload instead. */
  readonly refusesMounts: boolean;
  /** Finishing an upload of a blob that the repository has is an error. */
  readonly refusesKnownLayers: boolean;
  /** A tag can't be moved to another image. */
  readonly immutableTags: boolean;
}

export const ECR: EcrQuirks = {
  staleUploadRange: true,
  minimumPartBytes: 5 * 1024 * 1024,
  redirectsBlobs: true,
  refusesMounts: true,
  refusesKnownLayers: true,
  immutableTags: true,
};

export const BY_THE_BOOK: EcrQuirks = {
  staleUploadRange: false,
  minimumPartBytes: 0,
  redirectsBlobs: false,
  refusesMounts: false,
  refusesKnownLayers: false,
  immutableTags: false,
};
