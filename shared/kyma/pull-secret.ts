import { API_VERSIONS, type KubernetesObject } from '#shared/kyma/objects.ts';
import { EXPIRES_AT_ANNOTATION, labelsOf, names, type Owner } from '#shared/kyma/ownership.ts';

/** What a cluster needs to pull from a registry. */
export interface PullCredentials {
  /** Host, and port if any, of the registry. */
  readonly host: string;
  readonly username: string;
  readonly password: string;
  readonly expiresAt: Date;
}

/** The Secret that pods pull their image with; ECR's tokens end after 12 hours, so its end is written on it. */
export const pullSecretManifest = (
  owner: Owner & { readonly namespace: string },
  { host, username, password, expiresAt }: PullCredentials,
): KubernetesObject => ({
  apiVersion: API_VERSIONS.Secret,
  kind: 'Secret',
  metadata: {
    name: names(owner).pullSecret,
    namespace: owner.namespace,
    labels: labelsOf(owner),
    annotations: { [EXPIRES_AT_ANNOTATION]: expiresAt.toISOString() },
  },
  type: 'kubernetes.io/dockerconfigjson',
  data: {
    '.dockerconfigjson': base64(JSON.stringify({ auths: { [host]: { auth: base64(`${username}:${password}`) } } })),
  },
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');
