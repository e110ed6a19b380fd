import { randomBytes } from 'node:crypto';
import { type ObjectStore, timestamp, type Unstored } from '../api/object-store.ts';
import type { Admission } from '../api/policies.ts';
import type { Condition, StoredObject } from '../api/stored-object.ts';
import { type ControllerContext, isEnding, isOwnedBy, ownerReference } from './context.ts';
import { withTimes } from './deployments.ts';
import { quotaRefusal } from './quotas.ts';
import { withSidecar } from './sidecar.ts';

interface Spec {
  readonly replicas: number;
  readonly template: { readonly metadata?: { readonly labels?: Record<string, string> }; readonly spec: object };
}

/** Refused pods are tried again after pauses that double, as the work queue of kube-controller-manager has them. */
const FIRST_PAUSE_SECONDS = 0.005;
const MAX_PAUSE_SECONDS = 1000;

/** Makes and ends pods until there are as many as a ReplicaSet wants. */
export const replicaSetController = (context: ControllerContext, admission: Admission) => {
  const { store, now } = context;
  const refusals = new Map<string, Refusal>();
  return (): void => {
    for (const replicaSet of store.list('ReplicaSet')) {
      const { replicas } = replicaSet.spec as Spec;
      const missing = replicas - livingPods(store, replicaSet).length;
      if (missing > 0) createPods(context, admission, replicaSet, missing, refusals);
      else refusals.delete(replicaSet.metadata.uid);
      for (const pod of surplus(livingPods(store, replicaSet), replicas)) {
        store.put({ ...pod, metadata: { ...pod.metadata, deletionTimestamp: timestamp(now()) } });
      }
      writeStatus(context, replicaSet, refusals.get(replicaSet.metadata.uid));
    }
  };
};

interface Refusal {
  /** Of the first time: the condition isn't written anew while it lasts. */
  readonly message: string;
  readonly count: number;
  readonly retryAt: number;
}

const livingPods = (store: ObjectStore, replicaSet: StoredObject): StoredObject[] =>
  store.list('Pod', replicaSet.metadata.namespace).filter((pod) => isOwnedBy(pod, replicaSet) && !isEnding(pod));

const writeStatus = (
  { store, now }: ControllerContext,
  replicaSet: StoredObject,
  refusal: Refusal | undefined,
): void => {
  const before = (replicaSet.status as { conditions?: Condition[] } | undefined)?.conditions ?? [];
  const pods = livingPods(store, replicaSet);
  const ready = pods.filter(isPodReady).length;
  store.put({
    ...store.get('ReplicaSet', replicaSet.metadata.namespace, replicaSet.metadata.name)!,
    status: {
      replicas: pods.length,
      readyReplicas: ready,
      availableReplicas: ready,
      observedGeneration: replicaSet.metadata.generation,
      ...(refusal && { conditions: [withTimes(failure(refusal.message), before, timestamp(now()))] }),
    },
  });
};

export const isPodReady = ({ status }: StoredObject): boolean =>
  ((status as { conditions?: Condition[] } | undefined)?.conditions ?? []).some(
    ({ type, status: value }) => type === 'Ready' && value === 'True',
  );

const createPods = (
  context: ControllerContext,
  admission: Admission,
  replicaSet: StoredObject,
  count: number,
  refusals: Map<string, Refusal>,
): void => {
  const { store, events, secondMs, lookAgainAfter } = context;
  const { uid, namespace } = replicaSet.metadata;
  const earlier = refusals.get(uid);
  if (performance.now() < (earlier?.retryAt ?? 0)) return;
  for (let created = 0; created < count; created += 1) {
    const pod = newPod(replicaSet);
    const message = admission.refusalOf(pod)?.message ?? quotaRefusal(store, pod);
    if (message) {
      const count = (earlier?.count ?? 0) + 1;
      const pause = Math.min(MAX_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** count);
      refusals.set(uid, {
        message: earlier?.message ?? message,
        count,
        retryAt: performance.now() + pause * secondMs,
      });
      lookAgainAfter(pause);
      events(replicaSet, 'Warning', 'FailedCreate', `Error creating: ${message}`);
      return;
    }
    store.put(pod);
    events(replicaSet, 'Normal', 'SuccessfulCreate', `Created pod: ${namespace}/${pod.metadata.name}`);
  }
  refusals.delete(uid);
};

const newPod = (replicaSet: StoredObject): Unstored => {
  const { template } = replicaSet.spec as Spec;
  const { name, namespace } = replicaSet.metadata;
  return withSidecar({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-${randomBytes(3).toString('hex').slice(0, 5)}`,
      namespace: namespace!,
      labels: template.metadata?.labels ?? {},
      ownerReferences: [ownerReference(replicaSet)],
    },
    spec: template.spec,
    status: { phase: 'Pending' },
  });
};

const failure = (message: string): Condition => ({
  type: 'ReplicaFailure',
  status: 'True',
  reason: 'FailedCreate',
  message,
});

/** Pods that serve nobody go first. */
const surplus = (pods: readonly StoredObject[], replicas: number): StoredObject[] =>
  [...pods].sort((a, b) => Number(isPodReady(a)) - Number(isPodReady(b))).slice(0, Math.max(0, pods.length - replicas));
