import type { ApiRule, ContainerStatus, Deployment, Pod, ReplicaSet } from '#shared/kyma/objects.ts';

/** How far a rollout is. */
export type Verdict =
  | { readonly state: 'ready' }
  | { readonly state: 'waiting'; readonly detail: string }
  | { readonly state: 'failed'; readonly reason: string; readonly detail: string; readonly suspect?: Suspect };

/** The container whose events and log tell more. */
export interface Suspect {
  readonly pod: Pod;
  readonly container: string;
  /** Whether the log to read is that of the run before the last restart. */
  readonly previous: boolean;
}

export interface Workload {
  readonly deployment: Deployment;
  /** Of the same selector, old and new. */
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
}

/** Whether all pods run the Deployment's present template, or why they never will. */
export const workloadVerdict = (workload: Workload): Verdict => {
  const { deployment } = workload;
  const { status = {}, metadata, spec } = deployment;
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    return { state: 'waiting', detail: 'The cluster has not looked at the change yet.' };
  }
  const replicaSet = currentReplicaSet(workload);
  const pods = podsOf(workload.pods, replicaSet);
  const failure = quotaFailure(deployment, replicaSet) ?? podFailure(pods) ?? deadlineFailure(deployment, pods);
  if (failure) return failure;
  const wanted = spec.replicas ?? 1;
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = status;
  if (updatedReplicas === wanted && replicas === updatedReplicas && availableReplicas === updatedReplicas) {
    return { state: 'ready' };
  }
  return {
    state: 'waiting',
    detail: `${updatedReplicas} of ${wanted} pods are new, ${availableReplicas} of ${replicas} are available.${obstacle(pods)}`,
  };
};

/** The ReplicaSet of the highest revision; older ones belong to what served before. */
const currentReplicaSet = ({ deployment, replicaSets }: Workload): ReplicaSet | undefined =>
  replicaSets
    .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === deployment.metadata.uid))
    .sort((a, b) => revisionOf(b) - revisionOf(a))[0];

export const revisionOf = ({ metadata }: ReplicaSet): number =>
  Number(metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0);

const podsOf = (pods: readonly Pod[], replicaSet: ReplicaSet | undefined): Pod[] =>
  pods.filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === replicaSet?.metadata.uid));

/** A quota or an admission rule stops pods, not the Deployment: it shows on the ReplicaSet only. */
const quotaFailure = (deployment: Deployment, replicaSet: ReplicaSet | undefined): Verdict | undefined => {
  const conditions = [...(replicaSet?.status?.conditions ?? []), ...(deployment.status?.conditions ?? [])];
  const refusal = conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  if (!refusal) return undefined;
  const message = refusal.message ?? '';
  const reason = message.includes('exceeded quota') ? 'QuotaExceeded' : (refusal.reason ?? 'ReplicaFailure');
  return { state: 'failed', reason, detail: `The cluster refuses the model's pods: ${message}` };
};

/** A container that waits for one of these will wait for ever. */
const HOPELESS: Readonly<Record<string, string>> = {
  ImagePullBackOff: "The pod can't pull the image",
  InvalidImageName: 'The image has an invalid name',
  CreateContainerConfigError: "The pod's container can't be configured",
  CreateContainerError: "The pod's container can't be created",
  RunContainerError: "The pod's container can't be started",
  CrashLoopBackOff: 'The model server ends again and again',
};

/** A single crash may be a passing one. */
const MIN_CRASHES = 2;

const podFailure = (pods: readonly Pod[]): Verdict | undefined => {
  for (const pod of pods) {
    for (const status of statusesOf(pod)) {
      const { reason = '', message } = status.state?.waiting ?? {};
      const sentence = HOPELESS[reason];
      if (!sentence || (reason === 'CrashLoopBackOff' && (status.restartCount ?? 0) < MIN_CRASHES)) continue;
      return {
        state: 'failed',
        reason,
        detail: `${sentence}${message ? `: ${message}` : '.'}`,
        suspect: suspectOf(pod, status),
      };
    }
  }
  return undefined;
};

const deadlineFailure = (deployment: Deployment, pods: readonly Pod[]): Verdict | undefined => {
  const progressing = deployment.status?.conditions?.find(({ type }) => type === 'Progressing');
  if (progressing?.reason !== 'ProgressDeadlineExceeded') return undefined;
  const [pod] = pods.filter((each) => !isReady(each));
  const status = pod && statusesOf(pod).find(({ ready }) => !ready);
  return {
    state: 'failed',
    reason: 'ProgressDeadlineExceeded',
    detail: `The pods did not become ready in time.${obstacle(pods)}`,
    ...(pod && status && { suspect: suspectOf(pod, status) }),
  };
};

const statusesOf = ({ status }: Pod): readonly ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

const suspectOf = (pod: Pod, { name, restartCount = 0, state }: ContainerStatus): Suspect => ({
  pod,
  container: name,
  previous: restartCount > 0 && state?.waiting !== undefined,
});

const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;

/** What a pod waits for at the moment, which may still come right. */
const obstacle = (pods: readonly Pod[]): string => {
  const unscheduled = pods
    .flatMap(({ status }) => status?.conditions ?? [])
    .find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  if (unscheduled) return ` No node takes a pod: ${unscheduled.message ?? unscheduled.reason}`;
  const waiting = pods.flatMap(statusesOf).find(({ state }) => state?.waiting?.message)?.state?.waiting;
  return waiting ? ` ${waiting.reason}: ${waiting.message}` : '';
};

/** What an APIRule was like before we wrote to it. */
export interface ApiRuleBefore {
  readonly generation: number | null;
  readonly lastProcessedTime: string | null;
}

/**
 * Whether the host is exposed as it was asked for last. APIRules have no `observedGeneration`: after a change, a status
 * counts only once its `lastProcessedTime` has moved. A Warning may heal by itself, when pods come up.
 */
export const apiRuleVerdict = ({ metadata, status }: ApiRule, before: ApiRuleBefore): Verdict => {
  const isChanged = metadata.generation !== before.generation;
  const isProcessed =
    status?.lastProcessedTime !== undefined && (!isChanged || status.lastProcessedTime !== before.lastProcessedTime);
  if (!isProcessed) return { state: 'waiting', detail: 'The API gateway has not looked at the APIRule yet.' };
  const { state, description = '' } = status;
  if (state === 'Ready') return { state: 'ready' };
  const detail = `The APIRule is in the state ${state}: ${description}`;
  return state === 'Error' ? { state: 'failed', reason: 'APIRuleError', detail } : { state: 'waiting', detail };
};
