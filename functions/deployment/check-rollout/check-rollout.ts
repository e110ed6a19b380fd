import { RolloutFailedError } from '#shared/errors.ts';
import type { Cluster } from '#shared/kyma/cluster.ts';
import { type KymaDeploymentFact, loadKymaDeployment } from '#shared/kyma/deployment-record.ts';
import { diagnosis } from '#shared/kyma/diagnosis.ts';
import { apiRuleManifest } from '#shared/kyma/manifests.ts';
import type { ApiRule, Deployment, Pod, ReplicaSet } from '#shared/kyma/objects.ts';
import { RUN_ANNOTATION, selectorOf } from '#shared/kyma/ownership.ts';
import { type Verdict, workloadVerdict } from '#shared/kyma/rollout.ts';
import { apiRuleVerdict, beforeRouteOf, rememberingRoute } from '#shared/kyma/route.ts';
import { kymaDeploymentOf } from '#shared/kyma/run-deployment.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { loadRun, type Run } from '#shared/pipeline/run.ts';
import type { CheckRolloutInput, CheckRolloutOutput } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly openCluster: () => Promise<Cluster>;
  readonly now?: () => number;
}

/** The cluster gives pods ten minutes; their route needs seconds, and is given some minutes. */
const ROLLOUT_LIMIT_MS = 15 * 60 * 1000;

/**
 * Looks once how far the rollout is. When the pods are ready, their route is applied, and looked at the next time.
 *
 * @throws RolloutFailedError as soon as it is plain that it will not succeed, with the pod's last event and log.
 */
export const checkRollout = async (
  { runUri }: CheckRolloutInput,
  { objectStore, openCluster, now = Date.now }: Ports,
): Promise<CheckRolloutOutput> => {
  const run = await loadRun(objectStore, runUri);
  const fact = await loadKymaDeployment(objectStore, runUri);
  const cluster = await openCluster();
  const pods = await checkPods(cluster, run, fact);
  const verdict = pods.state === 'ready' ? await checkRoute(cluster, run, fact) : pods;
  if (verdict.state === 'failed') throw await failure(cluster, fact, verdict);
  const detail = verdict.state === 'ready' ? `Serves at ${fact.url}` : verdict.detail;
  if (verdict.state === 'waiting' && now() - Date.parse(fact.appliedAt) > ROLLOUT_LIMIT_MS) {
    throw await failure(cluster, fact, { state: 'failed', reason: 'TimeLimit', detail });
  }
  return { state: verdict.state, detail };
};

const checkPods = async (
  cluster: Cluster,
  run: Run,
  { namespace, name, appliedAt }: KymaDeploymentFact,
): Promise<Verdict> => {
  const deployment = await cluster.get<Deployment>('Deployment', { namespace, name });
  if (deployment?.metadata.annotations?.[RUN_ANNOTATION] !== run.runUri) {
    const detail = deployment ? 'Another run has deployed since.' : 'The Deployment was deleted.';
    return { state: 'failed', reason: 'Superseded', detail };
  }
  const selector = { namespace, labels: selectorOf(run) };
  const [replicaSets, pods] = await Promise.all([
    cluster.list<ReplicaSet>('ReplicaSet', selector),
    cluster.list<Pod>('Pod', selector),
  ]);
  const { min: minReplicas } = kymaDeploymentOf(run).replicas;
  return workloadVerdict({ deployment, replicaSets, pods }, { minReplicas, since: new Date(appliedAt) });
};

const checkRoute = async (cluster: Cluster, run: Run, fact: KymaDeploymentFact): Promise<Verdict> => {
  const { namespace, name, imageUri, modelRecordUri } = fact;
  const live = await cluster.get<ApiRule>('APIRule', { namespace, name });
  if (live?.metadata.annotations?.[RUN_ANNOTATION] === run.runUri) return apiRuleVerdict(live, beforeRouteOf(live));
  const { pipeline, stage, runUri } = run;
  const settings = kymaDeploymentOf(run);
  const model = { pipeline, stage, settings, imageUri, runAsUser: null, runUri, modelRecordUri };
  await cluster.apply(rememberingRoute(apiRuleManifest(model), live));
  return { state: 'waiting', detail: 'The pods are ready; their route was applied.' };
};

const failure = async (
  cluster: Cluster,
  { namespace, name }: KymaDeploymentFact,
  { reason, detail, suspect }: Extract<Verdict, { state: 'failed' }>,
): Promise<RolloutFailedError> => {
  const more = suspect ? await diagnosis(cluster, suspect) : '';
  return new RolloutFailedError(
    `The rollout of ${namespace}/${name} failed (${reason}). ${detail}${more ? `\n${more}` : ''}`,
  );
};
