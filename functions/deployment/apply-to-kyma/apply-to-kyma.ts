import { ClusterAccessError } from '#shared/errors.ts';
import type { Cluster } from '#shared/kyma/cluster.ts';
import { KymaDeploymentFact } from '#shared/kyma/deployment-record.ts';
import { userOfImage } from '#shared/kyma/image-user.ts';
import { urlOfHost } from '#shared/kyma/ingress.ts';
import { apiRuleManifest, namespaceManifest, workloadManifests } from '#shared/kyma/manifests.ts';
import type { ApiRule, Deployment } from '#shared/kyma/objects.ts';
import { assertOwnOrAbsent } from '#shared/kyma/owned-objects.ts';
import { type DeployedModel, names, RUN_ANNOTATION } from '#shared/kyma/ownership.ts';
import { type PullCredentials, pullSecretManifest } from '#shared/kyma/pull-secret.ts';
import { kymaDeploymentOf } from '#shared/kyma/run-deployment.ts';
import { loadModelRecord } from '#shared/models/model-record.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { readFact, writeFact } from '#shared/pipeline/facts.ts';
import { loadRun } from '#shared/pipeline/run.ts';
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
  const settings = kymaDeploymentOf(run);
  const record = await loadModelRecord(objectStore, modelRecordUri);
  const runAsUser = userOfImage(record.imageUri);
  const model: DeployedModel = { pipeline: run.pipeline, settings, imageUri, runAsUser, runUri, modelRecordUri };
  const { pullSecret, workload: name, host } = names(model);
  const { namespace } = settings;
  const cluster = await openCluster();
  const secret = pullSecretManifest(
    { pipeline: run.pipeline, namespace, name: pullSecret },
    await registries.pullCredentials(),
  );
  const workload = workloadManifests(model);
  await ensureNamespace(cluster, namespace);
  await assertOwnOrAbsent(cluster, run.pipeline, [secret, ...workload, apiRuleManifest(model)]);
  const url = await urlOfHost(cluster, settings.gateway, host);
  const place = { url, namespace, name };
  await recordBeginning(objectStore, cluster, runUri, { ...place, imageUri, modelRecordUri });
  for (const object of [secret, ...workload]) await cluster.apply(object);
  return place;
};

/** A namespace that we may not look at is taken to exist; if it doesn't, the first apply says so. */
const ensureNamespace = async (cluster: Cluster, name: string): Promise<void> => {
  try {
    if (await cluster.get('Namespace', { name })) return;
  } catch (error) {
    if (error instanceof ClusterAccessError) return;
    throw error;
  }
  await cluster.apply(namespaceManifest(name));
};

type Beginning = Pick<KymaDeploymentFact, 'url' | 'namespace' | 'name' | 'imageUri' | 'modelRecordUri'>;

/**
 * Of what a run finds as its own, what was there before was recorded by an earlier try. When another run has deployed since,
 * as it has before an older model is deployed again, that is what can come back.
 */
const recordBeginning = async (
  objectStore: ObjectStore,
  cluster: Cluster,
  runUri: string,
  beginning: Beginning,
): Promise<void> => {
  const recorded = KymaDeploymentFact.safeParse(await readFact(objectStore, runUri, 'kyma'));
  const appliedAt = new Date().toISOString();
  const { namespace, name } = beginning;
  const live = await cluster.get<Deployment>('Deployment', { namespace, name });
  if (recorded.success && live?.metadata.annotations?.[RUN_ANNOTATION] === runUri) {
    return writeFact(objectStore, runUri, 'kyma', { ...recorded.data, ...beginning, appliedAt });
  }
  const apiRule = await cluster.get<ApiRule>('APIRule', { namespace, name });
  await writeFact(objectStore, runUri, 'kyma', {
    ...beginning,
    appliedAt,
    previous: live ? previousOf(live) : null,
    apiRuleBefore: {
      generation: apiRule?.metadata.generation ?? null,
      lastProcessedTime: apiRule?.status?.lastProcessedTime ?? null,
      spec: (apiRule?.spec as Record<string, unknown> | undefined) ?? null,
    },
  } satisfies KymaDeploymentFact);
};

const previousOf = ({ metadata, spec }: Deployment): KymaDeploymentFact['previous'] => ({
  imageUri: spec.template.spec.containers[0]?.image ?? '',
  runUri: metadata.annotations?.[RUN_ANNOTATION] ?? null,
});
