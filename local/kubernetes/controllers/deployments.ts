import { createHash } from 'node:crypto';
import { timestamp, type Unstored } from '../api/object-store.ts';
import type { Condition, StoredObject } from '../api/stored-object.ts';
import { type ControllerContext, isOwnedBy, ownerReference } from './context.ts';

interface Spec {
  readonly replicas: number;
  readonly progressDeadlineSeconds: number;
  readonly revisionHistoryLimit: number;
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly strategy: {
    readonly type: string;
    readonly rollingUpdate?: { readonly maxSurge: Amount; readonly maxUnavailable: Amount };
  };
  readonly template: { readonly metadata?: { readonly labels?: object }; readonly [field: string]: unknown };
}

type Amount = number | string;

interface Counts {
  readonly replicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly conditions?: readonly Condition[];
}

const REVISION = 'deployment.kubernetes.io/revision';

/** Keeps a ReplicaSet for each template of a Deployment, and moves replicas from the old ones to the newest. */
export const deploymentController = (context: ControllerContext) => {
  const { store } = context;
  const progress = progressTracker(context);
  return (): void => {
    for (const deployment of store.list('Deployment')) {
      const owned = store
        .list('ReplicaSet', deployment.metadata.namespace)
        .filter((each) => isOwnedBy(each, deployment))
        .sort((a, b) => revisionOf(a) - revisionOf(b));
      const newest = ensureReplicaSet(context, deployment, owned);
      const old = owned.filter(({ metadata }) => metadata.uid !== newest.metadata.uid);
      scale(context, deployment, newest, old);
      for (const replicaSet of expired(old, specOf(deployment))) store.delete(replicaSet);
      writeStatus(context, deployment, [...old, newest], newest, progress);
    }
  };
};

const specOf = ({ spec }: StoredObject): Spec => spec as Spec;
const replicasOf = ({ spec }: StoredObject): number => (spec as { replicas: number }).replicas;
const countsOf = ({ status }: StoredObject): Counts => (status ?? {}) as Counts;
const revisionOf = ({ metadata }: StoredObject): number => Number(metadata.annotations?.[REVISION] ?? 0);
const sum = (objects: readonly StoredObject[], count: (object: StoredObject) => number): number =>
  objects.reduce((total, each) => total + count(each), 0);

/** The ReplicaSet of the present template, which becomes the newest revision also when it is an old one again. */
const ensureReplicaSet = (
  { store, events }: ControllerContext,
  deployment: StoredObject,
  owned: readonly StoredObject[],
): StoredObject => {
  const { template, selector } = specOf(deployment);
  const hash = createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 10);
  const name = `${deployment.metadata.name}-${hash}`;
  const existing = owned.find(({ metadata }) => metadata.name === name);
  const latest = owned.length > 0 ? revisionOf(owned.at(-1)!) : 0;
  const revision = existing && revisionOf(existing) === latest ? latest : latest + 1;
  const hashLabel = { 'pod-template-hash': hash };
  const labels = { ...template.metadata?.labels, ...hashLabel };
  const wanted: Unstored = {
    ...existing,
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      ...existing?.metadata,
      name,
      namespace: deployment.metadata.namespace!,
      labels: labels as Record<string, string>,
      annotations: { ...copied(deployment), [REVISION]: String(revision) },
      ownerReferences: [ownerReference(deployment)],
    },
    spec: {
      replicas: existing ? replicasOf(existing) : 0,
      selector: { matchLabels: { ...selector.matchLabels, ...hashLabel } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
  const stored = store.put(wanted);
  if (!existing) events(deployment, 'Normal', 'ScalingReplicaSet', `Created replica set ${name}`);
  return stored;
};

/** A ReplicaSet is told where its template comes from, as long as it is the Deployment's present one. */
const copied = ({ metadata: { annotations = {} } }: StoredObject): Record<string, string> =>
  Object.fromEntries(Object.entries(annotations).filter(([name]) => !NOT_COPIED.has(name)));

const NOT_COPIED = new Set([REVISION, 'kubectl.kubernetes.io/last-applied-configuration']);

/** New pods as far as `maxSurge` lets them; old ones go when enough others are available. */
const scale = (
  { store }: ControllerContext,
  deployment: StoredObject,
  newest: StoredObject,
  old: readonly StoredObject[],
): void => {
  const { replicas, strategy } = specOf(deployment);
  const isRolling = strategy.type === 'RollingUpdate';
  const surge = isRolling ? amount(strategy.rollingUpdate!.maxSurge, replicas, Math.ceil) : 0;
  let unavailable = isRolling ? amount(strategy.rollingUpdate!.maxUnavailable, replicas, Math.floor) : replicas;
  if (surge === 0 && unavailable === 0) unavailable = 1;
  const setReplicas = (replicaSet: StoredObject, count: number): void => {
    if (count !== replicasOf(replicaSet))
      store.put({ ...replicaSet, spec: { ...(replicaSet.spec as object), replicas: count } });
  };
  const all = [...old, newest];
  let removable = sum(all, (each) => countsOf(each).availableReplicas ?? 0) - (replicas - unavailable);
  for (const replicaSet of old) {
    const available = countsOf(replicaSet).availableReplicas ?? 0;
    const removed = Math.min(available, Math.max(0, removable));
    // Old pods that serve nobody go at once.
    setReplicas(replicaSet, available - removed);
    removable -= removed;
  }
  const oldPods = sum(old, (each) => countsOf(each).replicas ?? 0);
  const room = Math.max(replicasOf(newest), replicas + surge - oldPods);
  setReplicas(newest, Math.min(replicas, Math.max(0, room)));
};

const amount = (value: Amount, replicas: number, round: (value: number) => number): number =>
  typeof value === 'number' ? value : round((Number.parseInt(value, 10) / 100) * replicas);

const expired = (old: readonly StoredObject[], { revisionHistoryLimit }: Spec): StoredObject[] => {
  const empty = old.filter((each) => replicasOf(each) === 0 && (countsOf(each).replicas ?? 0) === 0);
  return empty.slice(0, Math.max(0, empty.length - revisionHistoryLimit));
};

type Progress = ReturnType<typeof progressTracker>;

/** When a rollout came a step further; its deadline counts from there. */
const progressTracker = ({ secondMs, lookAgainAfter }: ControllerContext) => {
  const steps = new Map<string, { readonly step: string; readonly at: number }>();
  return (deployment: StoredObject, step: string): { readonly isLate: boolean } => {
    const known = steps.get(deployment.metadata.uid);
    const deadline = specOf(deployment).progressDeadlineSeconds;
    if (known?.step !== step) {
      steps.set(deployment.metadata.uid, { step, at: performance.now() });
      lookAgainAfter(deadline);
      return { isLate: false };
    }
    return { isLate: performance.now() - known.at >= deadline * secondMs };
  };
};

const writeStatus = (
  { store, now }: ControllerContext,
  { metadata: { namespace, name } }: StoredObject,
  all: readonly StoredObject[],
  { metadata: { uid } }: StoredObject,
  progress: Progress,
): void => {
  const deployment = store.get('Deployment', namespace, name)!;
  const fresh = all.flatMap((each) => store.get('ReplicaSet', namespace, each.metadata.name) ?? []);
  const newest = fresh.find((each) => each.metadata.uid === uid)!;
  const { replicas: wanted, strategy } = specOf(deployment);
  const replicas = sum(fresh, (each) => countsOf(each).replicas ?? 0);
  const updatedReplicas = countsOf(newest).replicas ?? 0;
  const readyReplicas = sum(fresh, (each) => countsOf(each).readyReplicas ?? 0);
  const availableReplicas = sum(fresh, (each) => countsOf(each).availableReplicas ?? 0);
  const isComplete = updatedReplicas === wanted && replicas === wanted && availableReplicas === wanted;
  const { isLate } = progress(
    deployment,
    `${newest.metadata.name}/${updatedReplicas}/${replicas}/${availableReplicas}`,
  );
  const maxUnavailable = amount(strategy.rollingUpdate?.maxUnavailable ?? 0, wanted, Math.floor);
  const conditions: Condition[] = [
    availableReplicas >= wanted - maxUnavailable
      ? {
          type: 'Available',
          status: 'True',
          reason: 'MinimumReplicasAvailable',
          message: 'Deployment has minimum availability.',
        }
      : {
          type: 'Available',
          status: 'False',
          reason: 'MinimumReplicasUnavailable',
          message: 'Deployment does not have minimum availability.',
        },
    progressing(newest.metadata.name, isComplete, isLate),
    ...(countsOf(newest).conditions ?? []).filter(({ type }) => type === 'ReplicaFailure'),
  ];
  const before = ((deployment.status as { conditions?: Condition[] } | undefined)?.conditions ?? []) as Condition[];
  store.put({
    ...deployment,
    metadata: {
      ...deployment.metadata,
      annotations: { ...deployment.metadata.annotations, [REVISION]: newest.metadata.annotations![REVISION]! },
    },
    status: {
      observedGeneration: deployment.metadata.generation,
      replicas,
      updatedReplicas,
      readyReplicas,
      availableReplicas,
      unavailableReplicas: Math.max(0, Math.max(wanted, replicas) - availableReplicas),
      conditions: conditions.map((condition) => withUpdateTime(condition, before, timestamp(now()))),
    },
  });
};

const progressing = (replicaSet: string, isComplete: boolean, isLate: boolean): Condition => {
  const type = 'Progressing';
  if (isComplete) {
    const message = `ReplicaSet "${replicaSet}" has successfully progressed.`;
    return { type, status: 'True', reason: 'NewReplicaSetAvailable', message };
  }
  return isLate
    ? {
        type,
        status: 'False',
        reason: 'ProgressDeadlineExceeded',
        message: `ReplicaSet "${replicaSet}" has timed out progressing.`,
      }
    : { type, status: 'True', reason: 'ReplicaSetUpdated', message: `ReplicaSet "${replicaSet}" is progressing.` };
};

/** A Deployment's conditions say, beside, when they were last written. */
const withUpdateTime = (condition: Condition, before: readonly Condition[], now: string): Condition => {
  const next = withTimes(condition, before, now);
  return before.includes(next) ? next : { ...next, lastUpdateTime: now };
};

/** A condition that says what it said keeps its times. */
export const withTimes = (condition: Condition, before: readonly Condition[], now: string): Condition => {
  const known = before.find(({ type }) => type === condition.type);
  const isSame =
    known?.status === condition.status && known.reason === condition.reason && known.message === condition.message;
  if (isSame) return known;
  const lastTransitionTime = known?.status === condition.status ? known.lastTransitionTime : now;
  return { ...condition, ...(lastTransitionTime && { lastTransitionTime }) };
};
