import { API_VERSIONS, type KubernetesObject } from '#shared/kyma/objects.ts';
import { EXPIRES_AT_ANNOTATION, LABELS, selectorOf } from '#shared/kyma/ownership.ts';

/** A registry's login, as `GetAuthorizationToken` gives it. */
export interface RegistryLogin {
  /** Host, and port if any, of the registry. */
  readonly registry: string;
  /** Base64 of `user:password`. */
  readonly token: string;
  readonly expiresAt: Date;
}

export interface PullSecretName {
  readonly pipeline: string;
  readonly namespace: string;
  readonly name: string;
}

/** The Secret that pods pull their image with; ECR's tokens end after 12 hours, so its end is written on it. */
export const pullSecretManifest = (
  { pipeline, namespace, name }: PullSecretName,
  { registry, token, expiresAt }: RegistryLogin,
): KubernetesObject => ({
  apiVersion: API_VERSIONS.Secret,
  kind: 'Secret',
  metadata: {
    name,
    namespace,
    labels: { ...LABELS, ...selectorOf({ pipeline }) },
    annotations: { [EXPIRES_AT_ANNOTATION]: expiresAt.toISOString() },
  },
  type: 'kubernetes.io/dockerconfigjson',
  data: {
    '.dockerconfigjson': Buffer.from(JSON.stringify({ auths: { [registry]: { auth: token } } })).toString('base64'),
  },
});
