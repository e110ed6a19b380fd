import { readBlob } from './blob-download.ts';
import { hasBlob, mountBlob, pushBlob } from './blob-upload.ts';
import { findManifest, putManifest } from './manifests.ts';
import type { Registry } from './registry.ts';
import { type RegistryAccess, registryHttp } from './registry-http.ts';

/** A registry by the OCI distribution API, with ECR's deviations taken into account. */
export const registryClient = (access: RegistryAccess): Registry => {
  const http = registryHttp(access);
  return {
    host: access.host,
    findManifest: (repository, reference) => findManifest(http, repository, reference),
    putManifest: (repository, tag, manifest) => putManifest(http, repository, tag, manifest),
    hasBlob: (repository, digest) => hasBlob(http, repository, digest),
    mountBlob: (repository, digest, fromRepository) => mountBlob(http, repository, digest, fromRepository),
    readBlob: (repository, blob) => readBlob(http, repository, blob),
    pushBlob: (repository, blob, open) => pushBlob(http, repository, blob, open),
  };
};
