import type { Deployment, PodTemplate, ReplicaSet } from '#shared/kyma/objects.ts';
import { MODEL_ANNOTATION, RUN_ANNOTATION } from '#shared/kyma/ownership.ts';

const REVISION = 'deployment.kubernetes.io/revision';
const HASH = 'pod-template-hash';

/** A Deployment's own ReplicaSets, newest first. Others may carry the same labels. */
export const replicaSetsOf = (deployment: Deployment, listed: readonly ReplicaSet[]): ReplicaSet[] =>
  listed
    .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === deployment.metadata.uid))
    .sort((a, b) => revisionOf(b) - revisionOf(a));

const revisionOf = ({ metadata }: ReplicaSet): number => Number(metadata.annotations?.[REVISION] ?? 0);

export const templateHashOf = ({ metadata }: ReplicaSet): string | undefined => metadata.labels?.[HASH];

/** The pods of a ReplicaSet as a Deployment would ask for them. */
export const templateOf = ({ spec: { template } }: ReplicaSet): PodTemplate => {
  const { [HASH]: _, ...labels } = template.metadata?.labels ?? {};
  return { metadata: { ...template.metadata, labels }, spec: template.spec };
};

/** What answers requests at the moment, and where it comes from. */
export interface Serving {
  readonly imageUri: string;
  /** Null where nothing says so. */
  readonly runUri: string | null;
  readonly modelRecordUri: string | null;
  /** Null before the cluster has looked at the Deployment for the first time. */
  readonly podTemplateHash: string | null;
}

/**
 * What a Deployment serves. While an execution rolls out, or was stopped before its pods came up, that is not what the
 * Deployment asks for: the ReplicaSet with available pods counts, the oldest of several. The cluster copies a Deployment's
 * annotations to the ReplicaSet of its template, so that each knows its run and its model.
 */
export const servingOf = (deployment: Deployment, listed: readonly ReplicaSet[]): Serving => {
  const all = replicaSetsOf(deployment, listed);
  const current = isObserved(deployment) ? all[0] : undefined;
  const serving = all.filter(({ status }) => (status?.availableReplicas ?? 0) > 0).at(-1) ?? current;
  const { spec, metadata } = serving && serving !== current ? serving : deployment;
  return {
    imageUri: spec.template.spec.containers[0]?.image ?? '',
    runUri: metadata.annotations?.[RUN_ANNOTATION] ?? null,
    modelRecordUri: metadata.annotations?.[MODEL_ANNOTATION] ?? null,
    podTemplateHash: (serving && templateHashOf(serving)) ?? null,
  };
};

const isObserved = ({ metadata, status }: Deployment): boolean =>
  (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
