import type { Cluster, ObjectName } from '#shared/kyma/cluster.ts';
import type { Before } from '#shared/kyma/deployment-record.ts';
import type { ApiRule, Deployment, HorizontalPodAutoscaler, ReplicaSet } from '#shared/kyma/objects.ts';
import { type Owner, RUN_ANNOTATION, selectorOf } from '#shared/kyma/ownership.ts';
import { servingOf } from '#shared/kyma/replica-sets.ts';
import type { UriIn } from '#shared/store/layout.ts';

/**
 * What serves on the cluster, to be recorded before a run changes anything. Where another run was stopped amid its rollout,
 * the autoscaler and the route are that run's already: those of what serves are in its record.
 */
export const findBefore = async (
  cluster: Cluster,
  owner: Owner,
  place: ObjectName,
  recordOf: (runUri: UriIn<'runs'>) => Promise<Before | undefined>,
): Promise<Before> => {
  const live = await cluster.get<Deployment>('Deployment', place);
  if (!live) return { previous: null, autoscalerBefore: null, apiRuleBefore: { spec: null } };
  const selector = { namespace: place.namespace, labels: selectorOf(owner) };
  const [replicaSets, autoscaler, apiRule] = await Promise.all([
    cluster.list<ReplicaSet>('ReplicaSet', selector),
    cluster.get<HorizontalPodAutoscaler>('HorizontalPodAutoscaler', place),
    cluster.get<ApiRule>('APIRule', place),
  ]);
  const previous = servingOf(live, replicaSets);
  const lastRunUri = live.metadata.annotations?.[RUN_ANNOTATION];
  if (lastRunUri !== undefined && lastRunUri !== previous.runUri) {
    const record = await recordOf(lastRunUri);
    if (record?.previous?.runUri === previous.runUri) return record;
  }
  return {
    previous,
    autoscalerBefore: autoscaler?.spec ?? null,
    apiRuleBefore: { spec: (apiRule?.spec as Record<string, unknown> | undefined) ?? null },
  };
};
