import { RolloutFailedError } from '#shared/errors.ts';
import type { Cluster } from '#shared/kyma/cluster.ts';
import { findKymaDeployment, type KymaDeploymentFact } from '#shared/kyma/deployment-record.ts';
import type { ApiRule, Deployment, HorizontalPodAutoscaler, Pod, ReplicaSet } from '#shared/kyma/objects.ts';
import { deleteOwned } from '#shared/kyma/owned-objects.ts';
import { RUN_ANNOTATION, selectorOf } from '#shared/kyma/ownership.ts';
import { restoreBefore } from '#shared/kyma/restore.ts';
import { type Verdict, workloadVerdict } from '#shared/kyma/rollout.ts';
import { apiRuleVerdict, beforeRouteOf } from '#shared/kyma/route.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { loadRun, type Run } from '#shared/pipeline/run.ts';
import type { RollBackKymaInput, RollBackKymaOutput } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly openCluster: () => Promise<Cluster>;
  readonly now?: () => Date;
}

/** Time for pods whose node has gone meanwhile to pull their image again. */
const LIMIT_MS = 10 * 60 * 1000;

/**
 * Takes a run's model off the cluster, and looks once whether what served before serves again: its pods as they were, its
 * route and the bounds of its autoscaler. What the first run of a pipeline has made is removed. What another run has
 * deployed by now is left alone.
 *
 * @throws RolloutFailedError when what served before doesn't come back.
 */
export const rollBackKyma = async (
  { runUri, since }: RollBackKymaInput,
  { objectStore, openCluster, now = () => new Date() }: Ports,
): Promise<RollBackKymaOutput> => {
  const run = await loadRun(objectStore, runUri);
  const fact = await findKymaDeployment(objectStore, runUri);
  if (!fact) return { outcome: 'left', imageUri: null };
  const { namespace, name, previous } = fact;
  const cluster = await openCluster();
  const live = await cluster.get<Deployment>('Deployment', { namespace, name });
  const servedRunUri = live?.metadata.annotations?.[RUN_ANNOTATION];
  if (!previous) {
    if (live && servedRunUri !== runUri) return { outcome: 'left', imageUri: imageOf(live) };
    await deleteOwned(cluster, { pipeline: run.pipeline, stage: run.stage, namespace });
    return { outcome: 'removed', imageUri: null };
  }
  const isOurs = servedRunUri === runUri || servedRunUri === (previous.runUri ?? undefined);
  if (!live || !isOurs) return { outcome: 'left', imageUri: live ? imageOf(live) : null };
  const startedAt = new Date(since ?? now());
  await restoreBefore(cluster, run, fact, live);
  const verdict = await verify(cluster, run, fact, startedAt);
  const restored = { outcome: 'restored', imageUri: previous.imageUri } as const;
  if (verdict.state === 'ready') return restored;
  if (verdict.state === 'failed' || now().getTime() - startedAt.getTime() > LIMIT_MS) {
    throw new RolloutFailedError(
      `The rollback of ${namespace}/${name} failed: what served before, of ${previous.runUri ?? previous.imageUri}, is not ` +
        `back. ${verdict.detail}`,
    );
  }
  return { ...restored, waitsFor: verdict.detail, since: startedAt.toISOString() };
};

const imageOf = ({ spec }: Deployment): string => spec.template.spec.containers[0]?.image ?? '';

const verify = async (
  cluster: Cluster,
  run: Run,
  { namespace, name, autoscalerBefore, apiRuleBefore }: KymaDeploymentFact,
  since: Date,
): Promise<Verdict> => {
  const selector = { namespace, labels: selectorOf(run) };
  const [deployment, replicaSets, pods, apiRule] = await Promise.all([
    cluster.get<Deployment>('Deployment', { namespace, name }),
    cluster.list<ReplicaSet>('ReplicaSet', selector),
    cluster.list<Pod>('Pod', selector),
    apiRuleBefore.spec ? cluster.get<ApiRule>('APIRule', { namespace, name }) : undefined,
  ]);
  if (!deployment) return { state: 'failed', reason: 'Deleted', detail: 'The Deployment was deleted.' };
  // Somebody has switched it off; what was off before is to be off again.
  if (deployment.spec.replicas === 0) return { state: 'ready' };
  const { minReplicas = 1 } = (autoscalerBefore ?? {}) as HorizontalPodAutoscaler['spec'];
  const verdict = workloadVerdict({ deployment, replicaSets, pods }, { minReplicas, since });
  return verdict.state === 'ready' && apiRule ? apiRuleVerdict(apiRule, beforeRouteOf(apiRule)) : verdict;
};
