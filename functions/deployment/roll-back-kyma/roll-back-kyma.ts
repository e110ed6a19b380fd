import { RolloutFailedError } from '#shared/errors.ts';
import type { Cluster } from '#shared/kyma/cluster.ts';
import { type KymaDeploymentFact, loadKymaDeployment } from '#shared/kyma/deployment-record.ts';
import { apiRuleManifest, deployment } from '#shared/kyma/manifests.ts';
import type { Deployment, PodTemplate, ReplicaSet } from '#shared/kyma/objects.ts';
import { deleteOwned } from '#shared/kyma/owned-objects.ts';
import { type DeployedModel, RUN_ANNOTATION, selectorOf } from '#shared/kyma/ownership.ts';
import { revisionOf } from '#shared/kyma/rollout.ts';
import { kymaDeploymentOf } from '#shared/kyma/run-deployment.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { loadRun } from '#shared/pipeline/run.ts';
import type { RollBackKymaInput, RollBackKymaOutput } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly openCluster: () => Promise<Cluster>;
}

/**
 * Takes a run's model off the cluster: the pods of before come back as they were, and so does their route. What the first
 * run of a pipeline has made is removed. What another run has deployed by now is left alone.
 */
export const rollBackKyma = async (
  { runUri }: RollBackKymaInput,
  { objectStore, openCluster }: Ports,
): Promise<RollBackKymaOutput> => {
  const run = await loadRun(objectStore, runUri);
  const { namespace, name, previous, modelRecordUri, apiRuleBefore } = await loadKymaDeployment(objectStore, runUri);
  const cluster = await openCluster();
  const live = await cluster.get<Deployment>('Deployment', { namespace, name });
  const isOurs = live?.metadata.annotations?.[RUN_ANNOTATION] === runUri;
  if (!previous) {
    if (live && !isOurs) return { outcome: 'left', imageUri: imageOf(live) };
    await deleteOwned(cluster, { pipeline: run.pipeline, namespace });
    return { outcome: 'removed', imageUri: null };
  }
  if (!live || !isOurs) return { outcome: 'left', imageUri: live ? imageOf(live) : null };
  const before: DeployedModel = {
    pipeline: run.pipeline,
    settings: kymaDeploymentOf(run),
    imageUri: previous.imageUri,
    runAsUser: null,
    runUri: previous.runUri ?? runUri,
    modelRecordUri,
  };
  const template = await previousTemplate(cluster, run.pipeline, live, previous);
  await cluster.apply(deployment(before, template));
  if (apiRuleBefore.spec) await cluster.apply({ ...apiRuleManifest(before), spec: apiRuleBefore.spec });
  return { outcome: 'restored', imageUri: previous.imageUri };
};

const imageOf = ({ spec }: Deployment): string => spec.template.spec.containers[0]?.image ?? '';

/** The ReplicaSet of the last revision with that image still knows how its pods were; `kubectl rollout undo` goes by it too. */
const previousTemplate = async (
  cluster: Cluster,
  pipeline: string,
  live: Deployment,
  { imageUri }: NonNullable<KymaDeploymentFact['previous']>,
): Promise<PodTemplate> => {
  const { namespace, name, uid } = live.metadata;
  const all = await cluster.list<ReplicaSet>('ReplicaSet', { namespace, labels: selectorOf({ pipeline }) });
  const [found] = all
    .filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid))
    .filter(({ spec }) => spec.template.spec.containers[0]?.image === imageUri)
    .sort((a, b) => revisionOf(b) - revisionOf(a));
  if (!found) {
    throw new RolloutFailedError(
      `The rollback of ${namespace}/${name} failed: the cluster no longer has a revision with ${imageUri}. Run the pipeline again.`,
    );
  }
  const { template } = found.spec;
  const { 'pod-template-hash': _, ...labels } = template.metadata?.labels ?? {};
  return { metadata: { ...template.metadata, labels }, spec: template.spec };
};
