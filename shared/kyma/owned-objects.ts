import { ClusterRefusedError } from '#shared/errors.ts';
import { UnservedKindError } from '#shared/kyma/api-errors.ts';
import type { Cluster } from '#shared/kyma/cluster.ts';
import type { Kind, KubernetesObject } from '#shared/kyma/objects.ts';
import { isOwnedBy, names, type Owner } from '#shared/kyma/ownership.ts';

export interface PipelinePlace extends Owner {
  readonly namespace: string;
}

/** Names of what a pipeline makes, in the order in which it is taken away: first the way in, then what serves. */
const ownNames = (owner: Owner): readonly (readonly [Kind, string])[] => {
  const { workload, pullSecret, serviceAccount } = names(owner);
  return [
    ['APIRule', workload],
    ['HorizontalPodAutoscaler', workload],
    ['PodDisruptionBudget', workload],
    ['Deployment', workload],
    ['Service', workload],
    ['Secret', pullSecret],
    ['ServiceAccount', serviceAccount],
  ];
};

/**
 * What a pipeline has made on the cluster, in the order in which it is to be deleted. Name and labels count both: labels are
 * copied, by people and by controllers that replicate Secrets, and a name may be somebody else's.
 */
export const ownedObjects = async (cluster: Cluster, place: PipelinePlace): Promise<KubernetesObject[]> => {
  const { namespace } = place;
  const found = await Promise.all(
    ownNames(place).map(([kind, name]) => getIfServed(cluster, kind, { namespace, name })),
  );
  return found.filter((object) => object !== undefined).filter((object) => isOwnedBy(object, place));
};

/** A cluster whose API gateway was removed has no APIRules, and all else is to go nonetheless. */
const getIfServed = async (
  cluster: Cluster,
  kind: Kind,
  name: { readonly namespace: string; readonly name: string },
): Promise<KubernetesObject | undefined> => {
  try {
    return await cluster.get(kind, name);
  } catch (error) {
    if (error instanceof UnservedKindError) return undefined;
    throw error;
  }
};

/** Deletes what a pipeline owns, and nothing else. */
export const deleteOwned = async (cluster: Cluster, place: PipelinePlace): Promise<KubernetesObject[]> => {
  const objects = await ownedObjects(cluster, place);
  for (const { kind, metadata } of objects) await cluster.delete(kind, metadata);
  return objects;
};

/**
 * Looks whether the names that a pipeline wants are free or its own already.
 *
 * @throws ClusterRefusedError naming all objects that belong to somebody else; an apply would take them over.
 */
export const assertOwnOrAbsent = async (
  cluster: Cluster,
  owner: Owner,
  wanted: readonly KubernetesObject[],
): Promise<void> => {
  const existing = await Promise.all(wanted.map(({ kind, metadata }) => cluster.get(kind, metadata)));
  const foreign = existing.filter((object) => object !== undefined).filter((object) => !isOwnedBy(object, owner));
  if (foreign.length === 0) return;
  const list = foreign.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
  throw new ClusterRefusedError(
    `The cluster has ${list.join(', ')}, which this pipeline didn't make. Choose another deployment.namespace, or delete them.`,
  );
};
