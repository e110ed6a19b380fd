import { EndpointFailedError } from '#shared/errors.ts';
import type { Cluster } from '#shared/kyma/cluster.ts';
import { urlOfHost } from '#shared/kyma/ingress.ts';
import type { Deployment, ReplicaSet } from '#shared/kyma/objects.ts';
import { isOwnedBy, names, selectorOf } from '#shared/kyma/ownership.ts';
import { servingOf } from '#shared/kyma/replica-sets.ts';
import { kymaDeploymentOf } from '#shared/kyma/run-deployment.ts';
import type { Run } from '#shared/pipeline/run.ts';

/** Requests that a pod answers at a time without queueing them for long. */
const REQUESTS_PER_POD = 2;

/**
 * Where a run's pipeline serves on the cluster, and how many requests it takes at a time.
 *
 * @throws EndpointFailedError when it serves another model: predictions are written with their model's name.
 */
export const kymaPlace = async (cluster: Cluster, run: Run, model: string) => {
  const settings = kymaDeploymentOf(run);
  const { pipeline, stage } = run;
  const { workload: name, host } = names({ pipeline, stage, settings });
  const { namespace, gateway, replicas } = settings;
  const live = await cluster.get<Deployment>('Deployment', { namespace, name });
  if (!live || !isOwnedBy(live, run)) {
    throw new EndpointFailedError(
      live
        ? `The cluster has a Deployment ${namespace}/${name} that this pipeline didn't make. Choose another deployment.namespace.`
        : `The cluster has no Deployment ${namespace}/${name}. Run the pipeline with mode "full".`,
    );
  }
  const replicaSets = await cluster.list<ReplicaSet>('ReplicaSet', { namespace, labels: selectorOf(run) });
  const served = servingOf(live, replicaSets).modelRecordUri?.match(/([^/]+)\.json$/)?.[1];
  if (served !== model) {
    throw new EndpointFailedError(
      `${namespace}/${name} serves the model of ${served ?? 'nobody'}, not of ${model}. Deploy the model with mode "full".`,
    );
  }
  return { place: { url: await urlOfHost(cluster, gateway, host) }, concurrency: REQUESTS_PER_POD * replicas.min };
};
