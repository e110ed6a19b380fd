import { ClusterRefusedError } from '#shared/errors.ts';
import type { Cluster } from '#shared/kyma/cluster.ts';
import type { Deployment } from '#shared/kyma/objects.ts';
import { LABELS } from '#shared/kyma/ownership.ts';
import { type PullCredentials, type PullSecretName, pullSecretManifest } from '#shared/kyma/pull-secret.ts';
import type { RefreshPullSecretInput, RefreshPullSecretOutput } from './schema.ts';

interface Ports {
  /** Undefined where no cluster is configured. */
  readonly openCluster: (() => Promise<Cluster>) | undefined;
  readonly registries: { pullCredentials(): Promise<PullCredentials> };
}

/**
 * Gives every deployed pipeline's pull secret a new token of the registry. ECR's tokens end after twelve hours; with an old
 * one a pod that moves to another node no longer starts.
 *
 * @throws ClusterRefusedError naming all secrets that could not be renewed; the others are renewed all the same.
 */
export const refreshPullSecret = async (
  _: RefreshPullSecretInput,
  { openCluster, registries }: Ports,
): Promise<RefreshPullSecretOutput> => {
  if (!openCluster) return { secretCount: 0, expiresAt: null };
  const cluster = await openCluster();
  const deployments = await cluster.list<Deployment>('Deployment', { labels: LABELS });
  if (deployments.length === 0) return { secretCount: 0, expiresAt: null };
  const credentials = await registries.pullCredentials();
  const secrets = deployments.filter((each) => isPulledFrom(each, credentials.host)).flatMap(pullSecretsOf);
  const outcomes = await Promise.allSettled(
    secrets.map((name) => cluster.apply(pullSecretManifest(name, credentials))),
  );
  const failures = outcomes.flatMap((outcome, index) =>
    outcome.status === 'rejected'
      ? [`${secrets[index]!.namespace}/${secrets[index]!.name}: ${outcome.reason.message}`]
      : [],
  );
  if (failures.length > 0) {
    throw new ClusterRefusedError(
      `${failures.length} of ${secrets.length} pull secrets keep their old token:\n${failures.join('\n')}`,
    );
  }
  return { secretCount: secrets.length, expiresAt: credentials.expiresAt.toISOString() };
};

/** Labels are easily given; a token goes only where an image of its registry is in use. */
const isPulledFrom = ({ spec }: Deployment, host: string): boolean =>
  spec.template.spec.containers.some(({ image }) => image?.startsWith(`${host}/`));

const pullSecretsOf = ({ metadata, spec }: Deployment): PullSecretName[] => {
  const pipeline = metadata.labels?.['app.kubernetes.io/instance'];
  const { imagePullSecrets = [] } = spec.template.spec as { imagePullSecrets?: readonly { readonly name: string }[] };
  return pipeline ? imagePullSecrets.map(({ name }) => ({ pipeline, namespace: metadata.namespace!, name })) : [];
};
