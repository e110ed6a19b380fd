import { ClusterAccessError, ClusterRefusedError } from '#shared/errors.ts';
import { findBefore } from '#shared/kyma/before.ts';
import type { Cluster } from '#shared/kyma/cluster.ts';
import { type Before, findKymaDeployment, type KymaDeploymentFact } from '#shared/kyma/deployment-record.ts';
import { userOfImage } from '#shared/kyma/image-user.ts';
import { urlOfHost } from '#shared/kyma/ingress.ts';
import { apiRuleManifest, namespaceManifest, workloadManifests } from '#shared/kyma/manifests.ts';
import type { Deployment } from '#shared/kyma/objects.ts';
import { assertOwnOrAbsent } from '#shared/kyma/owned-objects.ts';
import { type DeployedModel, names, RUN_ANNOTATION } from '#shared/kyma/ownership.ts';
import { type PullCredentials, pullSecretManifest } from '#shared/kyma/pull-secret.ts';
import { kymaDeploymentOf } from '#shared/kyma/run-deployment.ts';
import { loadModelRecord } from '#shared/models/model-record.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { writeFact } from '#shared/pipeline/facts.ts';
import { loadRun, type Run } from '#shared/pipeline/run.ts';
import { parseRunUri, RUN_URI, type UriIn } from '#shared/store/layout.ts';
import type { ApplyToKymaInput, ApplyToKymaOutput } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly openCluster: () => Promise<Cluster>;
  readonly registries: { pullCredentials(): Promise<PullCredentials> };
}

/**
 * Starts to put a model on the cluster: everything but its route, which needs pods. What served before serves on until the
 * new pods are ready. What was there before is recorded first, so that it can come back.
 */
export const applyToKyma = async (
  { runUri, modelRecordUri, imageUri }: ApplyToKymaInput,
  { objectStore, openCluster, registries }: Ports,
): Promise<ApplyToKymaOutput> => {
  const run = await loadRun(objectStore, runUri);
  const { pipeline, stage } = run;
  const settings = kymaDeploymentOf(run);
  const record = await loadModelRecord(objectStore, modelRecordUri);
  const runAsUser = userOfImage(record.imageUri);
  const model: DeployedModel = { pipeline, stage, settings, imageUri, runAsUser, runUri, modelRecordUri };
  const { workload: name, host } = names(model);
  const { namespace } = settings;
  const cluster = await openCluster();
  const secret = pullSecretManifest({ pipeline, stage, namespace }, await registries.pullCredentials());
  const workload = workloadManifests(model);
  await ensureNamespace(cluster, namespace);
  await assertOwnOrAbsent(cluster, model, [secret, ...workload, apiRuleManifest(model)]);
  const url = await urlOfHost(cluster, settings.gateway, host);
  const place = { url, namespace, name };
  await recordBeginning(objectStore, cluster, run, { ...place, imageUri, modelRecordUri });
  for (const object of [secret, ...workload]) await cluster.apply(object);
  return place;
};

/** A namespace that we may not look at is taken to exist; if it doesn't, the first apply says so. */
const ensureNamespace = async (cluster: Cluster, name: string): Promise<void> => {
  try {
    const namespace = await cluster.get('Namespace', { name });
    if (namespace?.metadata.deletionTimestamp) throw terminating(name);
    if (namespace) return;
  } catch (error) {
    if (error instanceof ClusterAccessError) return;
    throw error;
  }
  await cluster.apply(namespaceManifest(name));
};

const terminating = (name: string): ClusterRefusedError =>
  new ClusterRefusedError(
    `The namespace ${name} is being deleted. Run again when it is gone (kubectl get namespace ${name}), or choose another ` +
      'deployment.namespace.',
  );

type Beginning = Omit<KymaDeploymentFact, keyof Before | 'appliedAt'>;

/**
 * What was there before is taken from the run's own record when an earlier try has changed the cluster already. When another
 * run has deployed since, as it has before an older model is deployed again, that is what can come back.
 */
const recordBeginning = async (
  objectStore: ObjectStore,
  cluster: Cluster,
  run: Run,
  beginning: Beginning,
): Promise<void> => {
  const { runUri } = run;
  const { namespace, name } = beginning;
  const live = await cluster.get<Deployment>('Deployment', { namespace, name });
  const recorded = await findKymaDeployment(objectStore, runUri);
  const isRepeated = recorded && live?.metadata.annotations?.[RUN_ANNOTATION] === runUri;
  const before = isRepeated
    ? beforeOf(recorded)
    : await findBefore(cluster, run, { namespace, name }, async (otherUri: UriIn<'runs'>) =>
        isOfSamePipeline(otherUri, runUri) ? findKymaDeployment(objectStore, otherUri).then(beforeOf) : undefined,
      );
  const appliedAt = new Date().toISOString();
  await writeFact(objectStore, runUri, 'kyma', { ...beginning, ...before, appliedAt } satisfies KymaDeploymentFact);
};

function beforeOf(fact: KymaDeploymentFact): Before;
function beforeOf(fact: KymaDeploymentFact | undefined): Before | undefined;
function beforeOf(fact: KymaDeploymentFact | undefined): Before | undefined {
  if (!fact) return undefined;
  const { previous, autoscalerBefore, apiRuleBefore } = fact;
  return { previous, autoscalerBefore, apiRuleBefore };
}

/** The other URI is an annotation of the cluster's, so anything may stand there. */
const isOfSamePipeline = (otherUri: string, runUri: string): boolean => {
  if (!RUN_URI.test(otherUri)) return false;
  const [other, own] = [parseRunUri(otherUri), parseRunUri(runUri)];
  return other.storeUri === own.storeUri && other.pipeline === own.pipeline;
};
