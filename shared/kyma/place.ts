import { EndpointFailedError } from '#shared/errors.ts';
import type { Cluster } from '#shared/kyma/cluster.ts';
import { urlOfHost } from '#shared/kyma/ingress.ts';
import type { Deployment } from '#shared/kyma/objects.ts';
import { MODEL_ANNOTATION, names } from '#shared/kyma/ownership.ts';
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
  const { workload: name, host } = names({ pipeline: run.pipeline, settings });
  const { namespace, gateway, replicas } = settings;
  const live = await cluster.get<Deployment>('Deployment', { namespace, name });
  const served = live?.metadata.annotations?.[MODEL_ANNOTATION]?.match(/([^/]+)\.json$/)?.[1];
  if (served !== model) {
    throw new EndpointFailedError(
      live
        ? `${namespace}/${name} serves the model of ${served ?? 'nobody'}, not of ${model}. Deploy the model with mode "full".`
        : `The cluster has no Deployment ${namespace}/${name}. Run the pipeline with mode "full".`,
    );
  }
  return { place: { url: await urlOfHost(cluster, gateway, host) }, concurrency: REQUESTS_PER_POD * replicas.min };
};
