import { RolloutFailedError } from '#shared/errors.ts';
import type { Cluster } from '#shared/kyma/cluster.ts';
import type { KymaDeploymentFact } from '#shared/kyma/deployment-record.ts';
import { autoscaler, deployment, type Origin, route, supportManifests } from '#shared/kyma/manifests.ts';
import type { ApiRule, Deployment, Kind, KubernetesObject, PodTemplate, ReplicaSet } from '#shared/kyma/objects.ts';
import { RUN_ANNOTATION, selectorOf } from '#shared/kyma/ownership.ts';
import { replicaSetsOf, templateHashOf, templateOf } from '#shared/kyma/replica-sets.ts';
import { rememberingRoute } from '#shared/kyma/route.ts';
import type { Run } from '#shared/pipeline/run.ts';

/**
 * Brings back what the run's record says was there before it, wherever the cluster still has the run's own. Each object says
 * again which run and model it comes from: scoring goes by that. The Deployment comes last, so that a look that was cut short
 * is taken up by the next one.
 */
export const restoreBefore = async (
  cluster: Cluster,
  run: Run,
  { namespace, name, previous, autoscalerBefore, apiRuleBefore }: KymaDeploymentFact,
  live: Deployment,
): Promise<void> => {
  const { runUri, modelRecordUri } = previous!;
  const origin: Origin = { pipeline: run.pipeline, stage: run.stage, namespace, runUri, modelRecordUri };
  const ownOf = async <T extends KubernetesObject>(kind: Kind): Promise<T | undefined> => {
    const object = await cluster.get<T>(kind, { namespace, name });
    return isOf(object, run.runUri) ? object : undefined;
  };
  for (const object of supportManifests(origin)) if (await ownOf(object.kind)) await cluster.apply(object);
  if (autoscalerBefore && (await ownOf('HorizontalPodAutoscaler'))) {
    await cluster.apply(autoscaler(origin, autoscalerBefore));
  }
  const apiRule = await ownOf<ApiRule>('APIRule');
  if (apiRule && apiRuleBefore.spec) await cluster.apply(rememberingRoute(route(origin, apiRuleBefore.spec), apiRule));
  else if (apiRule) await cluster.delete('APIRule', apiRule.metadata);
  if (!isOf(live, run.runUri)) return;
  await cluster.apply(deployment(origin, await templateBefore(cluster, run, live, previous!)));
};

const isOf = (object: KubernetesObject | undefined, runUri: string): boolean =>
  object?.metadata.annotations?.[RUN_ANNOTATION] === runUri;

/** The ReplicaSet that served still knows how its pods were; `kubectl rollout undo` goes by it too. */
const templateBefore = async (
  cluster: Cluster,
  run: Run,
  live: Deployment,
  { imageUri, podTemplateHash }: NonNullable<KymaDeploymentFact['previous']>,
): Promise<PodTemplate> => {
  const { namespace, name } = live.metadata;
  const listed = await cluster.list<ReplicaSet>('ReplicaSet', { namespace, labels: selectorOf(run) });
  const found = replicaSetsOf(live, listed).find((each) =>
    // Records of earlier versions have the image only.
    podTemplateHash ? templateHashOf(each) === podTemplateHash : imageOf(each) === imageUri,
  );
  if (found) return templateOf(found);
  throw new RolloutFailedError(
    `The rollback of ${namespace}/${name} failed: the cluster no longer has a revision with ${imageUri}. Run the pipeline again.`,
  );
};

const imageOf = ({ spec }: ReplicaSet): string | undefined => spec.template.spec.containers[0]?.image;
