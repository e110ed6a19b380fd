import { ClusterAccessError, ClusterRefusedError } from '#shared/errors.ts';
import type { Cluster, ObjectName } from '#shared/kyma/cluster.ts';
import { urlOfHost } from '#shared/kyma/ingress.ts';
import type { ApiRule, Deployment } from '#shared/kyma/objects.ts';
import { LABELS, PIPELINE_LABEL, RUN_ANNOTATION, STAGE_LABEL } from '#shared/kyma/ownership.ts';

/** A model that runs on the cluster. */
export interface DeployedToKyma {
  readonly pipeline: string;
  readonly namespace: string;
  /** Absent while the model has no route, or none that we may see. */
  readonly url?: string;
  readonly imageUri: string;
  readonly runUri: string | undefined;
  readonly availableReplicas: number;
  readonly createdAt: string | undefined;
}

/** Everything that an installation runs on the cluster, in all namespaces; other stages may run there too. */
export const deployedToKyma = async (cluster: Cluster, stage?: string): Promise<DeployedToKyma[]> => {
  const deployments = await cluster.list<Deployment>('Deployment', { labels: LABELS });
  const own = deployments.filter(({ metadata }) => metadata.labels?.[STAGE_LABEL] === stage);
  return Promise.all(
    own.map(async ({ metadata, spec, status }) => {
      const { name, namespace = '' } = metadata;
      const url = await urlOf(cluster, { namespace, name });
      return {
        pipeline: metadata.labels?.[PIPELINE_LABEL] ?? name,
        namespace,
        ...(url && { url }),
        imageUri: spec.template.spec.containers[0]?.image ?? '',
        runUri: metadata.annotations?.[RUN_ANNOTATION],
        availableReplicas: status?.availableReplicas ?? 0,
        createdAt: metadata.creationTimestamp,
      };
    }),
  );
};

/** A namespace whose routes may not be read, or whose gateway is gone, keeps nobody from seeing the rest. */
const urlOf = async (cluster: Cluster, name: ObjectName): Promise<string | undefined> => {
  try {
    const route = await cluster.get<ApiRule & { spec: Route }>('APIRule', name);
    return route && (await urlOfHost(cluster, route.spec.gateway, route.spec.hosts[0]!));
  } catch (error) {
    if (error instanceof ClusterAccessError || error instanceof ClusterRefusedError) return undefined;
    throw error;
  }
};

interface Route {
  readonly gateway: string;
  readonly hosts: readonly string[];
}
