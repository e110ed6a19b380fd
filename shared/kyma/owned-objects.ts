import { ClusterRefusedError } from '#shared/errors.ts';
import type { Cluster } from '#shared/kyma/cluster.ts';
import type { Kind, KubernetesObject } from '#shared/kyma/objects.ts';
import { LABELS, selectorOf } from '#shared/kyma/ownership.ts';

/** What a pipeline may own, in the order in which it is taken away: first the way in, then what serves. */
const OWNED_KINDS: readonly Kind[] = [
  'APIRule',
  'HorizontalPodAutoscaler',
  'PodDisruptionBudget',
  'Deployment',
  'Service',
  'Secret',
  'ServiceAccount',
];

export interface PipelinePlace {
  readonly pipeline: string;
  readonly namespace: string;
}

/** Everything on the cluster that carries a pipeline's labels, in the order in which it is to be deleted. */
export const ownedObjects = async (
  cluster: Cluster,
  { pipeline, namespace }: PipelinePlace,
): Promise<KubernetesObject[]> => {
  const labels = { ...LABELS, ...selectorOf({ pipeline }) };
  const found = await Promise.all(OWNED_KINDS.map((kind) => cluster.list(kind, { namespace, labels })));
  return found.flat();
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
  pipeline: string,
  wanted: readonly KubernetesObject[],
): Promise<void> => {
  const existing = await Promise.all(wanted.map(({ kind, metadata }) => cluster.get(kind, metadata)));
  const labels = Object.entries({ ...LABELS, ...selectorOf({ pipeline }) });
  const foreign = existing.filter(
    (object) => object && !labels.every(([name, value]) => object.metadata.labels?.[name] === value),
  );
  if (foreign.length === 0) return;
  const list = foreign.map((object) => `${object!.kind} ${object!.metadata.namespace}/${object!.metadata.name}`);
  throw new ClusterRefusedError(
    `The cluster has ${list.join(', ')}, which this pipeline didn't make. Choose another deployment.namespace, or delete them.`,
  );
};
