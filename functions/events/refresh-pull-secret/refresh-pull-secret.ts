import { ClusterRefusedError } from '#shared/errors.ts';
import type { Cluster } from '#shared/kyma/cluster.ts';
import type { Deployment } from '#shared/kyma/objects.ts';
import { assertOwnOrAbsent, type PipelinePlace } from '#shared/kyma/owned-objects.ts';
import { isOwnedBy, LABELS, names, PIPELINE_LABEL } from '#shared/kyma/ownership.ts';
import { type PullCredentials, pullSecretManifest } from '#shared/kyma/pull-secret.ts';
import type { RefreshPullSecretInput, RefreshPullSecretOutput } from './schema.ts';

interface Ports {
  /** Undefined where no cluster is configured. */
  readonly openCluster: (() => Promise<Cluster>) | undefined;
  readonly registries: { pullCredentials(): Promise<PullCredentials> };
  /** Of this installation; what other stages have deployed is theirs to renew. */
  readonly stage?: string | undefined;
}

/**
 * Gives every deployed pipeline's pull secret a new token of the registry. ECR's tokens end after twelve hours; with an old
 * one a pod that moves to another node no longer starts.
 *
 * @throws ClusterRefusedError naming all secrets that could not be renewed; the others are renewed all the same.
 */
export const refreshPullSecret = async (
  _: RefreshPullSecretInput,
  { openCluster, registries, stage }: Ports,
): Promise<RefreshPullSecretOutput> => {
  if (!openCluster) return { secretCount: 0, expiresAt: null };
  const cluster = await openCluster();
  const deployments = await cluster.list<Deployment>('Deployment', { labels: LABELS });
  const owners = deployments.flatMap((each) => ownerOf(each, stage) ?? []);
  if (owners.length === 0) return { secretCount: 0, expiresAt: null };
  const credentials = await registries.pullCredentials();
  const renewed = owners.filter(({ images }) => images.some((image) => image.startsWith(`${credentials.host}/`)));
  const outcomes = await Promise.allSettled(renewed.map((owner) => renew(cluster, owner, credentials)));
  const failures = outcomes.flatMap((outcome, index) => {
    const { namespace } = renewed[index]!;
    return outcome.status === 'rejected'
      ? [`${namespace}/${names(renewed[index]!).pullSecret}: ${outcome.reason.message}`]
      : [];
  });
  if (failures.length > 0) {
    throw new ClusterRefusedError(
      `${failures.length} of ${renewed.length} pull secrets keep their old token:\n${failures.join('\n')}`,
    );
  }
  return { secretCount: renewed.length, expiresAt: credentials.expiresAt.toISOString() };
};

interface DeployedOwner extends PipelinePlace {
  readonly images: readonly string[];
}

/**
 * Whose a Deployment is, if this installation made it: labels are easily copied, so its name has to be the one that it would
 * have. Other pull secrets that somebody has added to its pods are theirs to renew.
 */
const ownerOf = (deployment: Deployment, stage: string | undefined): DeployedOwner | undefined => {
  const { name, namespace = '', labels = {} } = deployment.metadata;
  const owner = { pipeline: labels[PIPELINE_LABEL] ?? '', stage, namespace };
  if (!isOwnedBy(deployment, owner) || names(owner).workload !== name) return undefined;
  return { ...owner, images: deployment.spec.template.spec.containers.flatMap(({ image }) => image ?? []) };
};

/** A token goes only where an image of its registry is in use, and only into a Secret that we made. */
const renew = async (cluster: Cluster, owner: PipelinePlace, credentials: PullCredentials): Promise<void> => {
  const secret = pullSecretManifest(owner, credentials);
  await assertOwnOrAbsent(cluster, owner, [secret]);
  await cluster.apply(secret);
};
