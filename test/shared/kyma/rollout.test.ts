import { describe, expect, it } from 'vitest';
import type { ApiRule, ContainerStatus, Deployment, Pod, ReplicaSet } from '#shared/kyma/objects.ts';
import { apiRuleVerdict, workloadVerdict } from '#shared/kyma/rollout.ts';

const template = { spec: { containers: [{ name: 'model', image: 'new' }] } };

const deployment = (status: Deployment['status'], generation = 2): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'flights', namespace: 'fedml', uid: 'd', generation },
  spec: { replicas: 2, template },
  status: { observedGeneration: 2, ...status },
});

const replicaSet = (uid: string, revision: number, status: ReplicaSet['status'] = {}): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: {
    name: uid,
    uid,
    annotations: { 'deployment.kubernetes.io/revision': String(revision) },
    ownerReferences: [{ uid: 'd', kind: 'Deployment', name: 'flights' }],
  },
  spec: { template },
  status,
});

const pod = (owner: string, status: Partial<ContainerStatus>, more: Pod['status'] = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `pod-of-${owner}`, ownerReferences: [{ uid: owner, kind: 'ReplicaSet', name: owner }] },
  status: { containerStatuses: [{ name: 'model', ready: false, ...status }], ...more },
});

const SERVING = { replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 };
const STARTING = { replicas: 3, updatedReplicas: 1, readyReplicas: 2, availableReplicas: 2 };
const waiting = (reason: string, message = 'why'): Partial<ContainerStatus> => ({
  state: { waiting: { reason, message } },
});

const verdict = (status: Deployment['status'], pods: Pod[] = [], newest = replicaSet('new', 10)) =>
  workloadVerdict({ deployment: deployment(status), replicaSets: [replicaSet('old', 9), newest], pods });

describe('a rollout', () => {
  it('is ready when all pods are new and available', () => {
    expect(verdict(SERVING)).toEqual({ state: 'ready' });
  });

  it('is not ready by the status of the time before the change', () => {
    const before = deployment(SERVING, 3);

    expect(workloadVerdict({ deployment: before, replicaSets: [], pods: [] })).toMatchObject({ state: 'waiting' });
  });

  it.each([
    ['new pods start', STARTING],
    ['old pods still go', { ...SERVING, replicas: 3 }],
    ['new pods are not available yet', { ...SERVING, availableReplicas: 1 }],
    ['nothing is known', {}],
  ])('waits while %s', (_, status) => {
    expect(verdict(status)).toMatchObject({ state: 'waiting', detail: expect.stringContaining('of 2 pods') });
  });

  it.each(['ImagePullBackOff', 'InvalidImageName', 'CreateContainerConfigError', 'CreateContainerError'])(
    'fails by %s, and says which pod',
    (reason) => {
      const found = pod('new', waiting(reason));

      expect(verdict(STARTING, [found])).toMatchObject({
        state: 'failed',
        reason,
        detail: expect.stringContaining('why'),
        suspect: { pod: found, container: 'model', previous: false },
      });
    },
  );

  it('waits when a pull failed once, which may pass', () => {
    expect(verdict(STARTING, [pod('new', waiting('ErrImagePull'))])).toMatchObject({
      state: 'waiting',
      detail: expect.stringContaining('ErrImagePull: why'),
    });
  });

  it('fails when the server crashed twice, and reads the log of the last life', () => {
    const crashed = (restartCount: number) => pod('new', { ...waiting('CrashLoopBackOff'), restartCount });

    expect(verdict(STARTING, [crashed(1)])).toMatchObject({ state: 'waiting' });
    expect(verdict(STARTING, [crashed(2)])).toMatchObject({
      state: 'failed',
      reason: 'CrashLoopBackOff',
      suspect: { previous: true },
    });
  });

  it('sees a sidecar that fails among the init containers', () => {
    const sidecar = pod(
      'new',
      {},
      { initContainerStatuses: [{ name: 'istio-proxy', ...waiting('ImagePullBackOff') }] },
    );

    expect(verdict(STARTING, [sidecar])).toMatchObject({ suspect: { container: 'istio-proxy' } });
  });

  it('does not mind what happens to old pods', () => {
    expect(verdict(STARTING, [pod('old', { ...waiting('CrashLoopBackOff'), restartCount: 9 })])).toMatchObject({
      state: 'waiting',
    });
  });

  it('fails by a quota, which shows on the ReplicaSet', () => {
    const message = 'pods "x" is forbidden: exceeded quota: small, requested: limits.memory=2Gi';
    const refused = replicaSet('new', 10, {
      conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }],
    });

    expect(verdict(STARTING, [], refused)).toEqual({
      state: 'failed',
      reason: 'QuotaExceeded',
      detail: `The cluster refuses the model's pods: ${message}`,
    });
  });

  it('fails when the deadline is over, with what a pod waits for', () => {
    const late = {
      ...STARTING,
      conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
    };
    const unscheduled: Pod['status'] = {
      conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available: insufficient memory' }],
    };

    expect(verdict(late, [pod('new', {}, unscheduled)])).toMatchObject({
      state: 'failed',
      reason: 'ProgressDeadlineExceeded',
      detail: expect.stringContaining('insufficient memory'),
      suspect: { container: 'model' },
    });
  });
});

describe('a route', () => {
  const apiRule = (status: ApiRule['status'], generation = 2): ApiRule => ({
    apiVersion: 'gateway.kyma-project.io/v2',
    kind: 'APIRule',
    metadata: { name: 'flights', generation },
    ...(status && { status }),
  });
  const before = { generation: 1, lastProcessedTime: '2026-03-01T06:00:00Z' };
  const later = '2026-03-01T06:00:05Z';

  it.each<[string, ApiRule['status'], object]>([
    ['ready', { state: 'Ready', lastProcessedTime: later }, { state: 'ready' }],
    ['not looked at', undefined, { state: 'waiting' }],
    ['ready as it was before', { state: 'Ready', lastProcessedTime: before.lastProcessedTime }, { state: 'waiting' }],
    ['in work', { state: 'Processing', lastProcessedTime: later }, { state: 'waiting' }],
    [
      'warned of',
      { state: 'Warning', description: 'no sidecar', lastProcessedTime: later },
      { state: 'waiting', detail: 'The APIRule is in the state Warning: no sidecar' },
    ],
    [
      'wrong',
      { state: 'Error', description: 'Host is occupied', lastProcessedTime: later },
      { state: 'failed', reason: 'APIRuleError', detail: expect.stringContaining('Host is occupied') },
    ],
  ])('that is %s', (_, status, expected) => {
    expect(apiRuleVerdict(apiRule(status), before)).toMatchObject(expected);
  });

  it('that nobody changed is as good as it was', () => {
    const status = { state: 'Ready', lastProcessedTime: before.lastProcessedTime } as const;

    expect(apiRuleVerdict(apiRule(status, 1), before)).toEqual({ state: 'ready' });
  });
});
