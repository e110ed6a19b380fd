import type { Deployment, Pod, ReplicaSet } from '#shared/kyma/objects.ts';
import { type PodRefusal, podRefusalOf } from '#shared/kyma/pod-refusal.ts';
import { finalTrouble, type Suspect, statusesOf, suspectOf } from '#shared/kyma/pod-trouble.ts';
import { replicaSetsOf } from '#shared/kyma/replica-sets.ts';

/** How far a rollout is. */
export type Verdict =
  | { readonly state: 'ready' }
  | { readonly state: 'waiting'; readonly detail: string }
  | { readonly state: 'failed'; readonly reason: string; readonly detail: string; readonly suspect?: Suspect };

export interface Workload {
  readonly deployment: Deployment;
  /** Of the same selector, old and new. */
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
}

export interface Expectation {
  /** How many pods the autoscaler is to bring up at least. */
  readonly minReplicas: number;
  /** When the rollout began: what the cluster gave up before that was another one. */
  readonly since?: Date;
}

/**
 * Whether enough pods run the Deployment's present template and no others do, or why that will never be. What a controller
 * tries again is waited for until the Deployment's own deadline, which the cluster keeps.
 */
export const workloadVerdict = (
  workload: Workload,
  { minReplicas, since }: Expectation = { minReplicas: 1 },
): Verdict => {
  const { deployment } = workload;
  const { status = {}, metadata, spec } = deployment;
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    return { state: 'waiting', detail: 'The cluster has not looked at the change yet.' };
  }
  const [replicaSet] = replicaSetsOf(deployment, workload.replicaSets);
  const pods = podsOf(workload.pods, replicaSet);
  const refusal = podRefusalOf(deployment, replicaSet);
  const trouble = finalTrouble(pods, containersOf(deployment));
  if (trouble) return { state: 'failed', ...trouble };
  if (refusal?.isFinal) return { state: 'failed', reason: refusal.reason, detail: refusal.detail };
  if (isOverdue(deployment, since)) return overdue(pods, refusal);
  const wanted = spec.replicas ?? 1;
  if (wanted === 0) return { state: 'waiting', detail: scaledToZero(deployment, minReplicas) };
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = status;
  if (replicas === updatedReplicas && availableReplicas >= minReplicas) return { state: 'ready' };
  return {
    state: 'waiting',
    detail:
      `${updatedReplicas} of ${Math.max(wanted, minReplicas)} pods are new, ${availableReplicas} of ${replicas} are ` +
      `available.${obstacle(pods, refusal)}`,
  };
};

const podsOf = (pods: readonly Pod[], replicaSet: ReplicaSet | undefined): Pod[] =>
  pods.filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === replicaSet?.metadata.uid));

const containersOf = ({ spec }: Deployment): ReadonlySet<string> => {
  const { containers, initContainers = [] } = spec.template.spec as typeof spec.template.spec & {
    readonly initContainers?: readonly { readonly name: string }[];
  };
  return new Set([...containers, ...initContainers].map(({ name }) => name));
};

/** An autoscaler leaves a Deployment without pods alone: somebody has switched it off. */
const scaledToZero = ({ metadata: { namespace, name } }: Deployment, minReplicas: number): string =>
  `The Deployment is scaled to 0, where the autoscaler does nothing: kubectl -n ${namespace} scale deployment/${name} ` +
  `--replicas=${minReplicas}`;

/** The deadline's condition of an earlier rollout stays until pods move again. */
const isOverdue = ({ status }: Deployment, since: Date | undefined): boolean => {
  const progressing = status?.conditions?.find(({ type }) => type === 'Progressing');
  if (progressing?.reason !== 'ProgressDeadlineExceeded') return false;
  const { lastUpdateTime } = progressing;
  return lastUpdateTime === undefined || since === undefined || Date.parse(lastUpdateTime) >= since.getTime();
};

const overdue = (pods: readonly Pod[], refusal: PodRefusal | undefined): Verdict => {
  const [pod] = pods.filter((each) => !isReady(each));
  const status = pod && statusesOf(pod).find(({ ready }) => !ready);
  return {
    state: 'failed',
    reason: refusal?.reason ?? 'ProgressDeadlineExceeded',
    detail: `The pods did not become ready in time.${obstacle(pods, refusal)}`,
    ...(pod && status && { suspect: suspectOf(pod, status) }),
  };
};

const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;

/** What the pods wait for at the moment, which may still come right. */
const obstacle = (pods: readonly Pod[], refusal: PodRefusal | undefined): string => {
  if (refusal) return ` ${refusal.detail}`;
  const unscheduled = pods
    .flatMap(({ status }) => status?.conditions ?? [])
    .find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  if (unscheduled) return ` No node takes a pod: ${unscheduled.message ?? unscheduled.reason}`;
  const waiting = pods.flatMap(statusesOf).find(({ state }) => state?.waiting?.message)?.state?.waiting;
  return waiting ? ` ${waiting.reason}: ${waiting.message}` : '';
};
