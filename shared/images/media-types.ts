/** The media types of one family belong together: a Docker manifest with an OCI config is pulled by no runtime. */
export interface ImageFamily {
  readonly manifest: string;
  readonly config: string;
  readonly layer: string;
}

export const DOCKER: ImageFamily = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
};

export const OCI: ImageFamily = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
};

/** Lists of manifests, one a platform. */
export const INDEX_MEDIA_TYPES: readonly string[] = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

export const MANIFEST_MEDIA_TYPES: readonly string[] = [OCI.manifest, DOCKER.manifest, ...INDEX_MEDIA_TYPES];

export const familyOf = (manifestMediaType: string): ImageFamily | undefined =>
  [DOCKER, OCI].find(({ manifest }) => manifest === manifestMediaType);
