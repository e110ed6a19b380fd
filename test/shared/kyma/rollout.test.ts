import { describe, expect, it } from 'vitest';
import type { ContainerStatus, Deployment, Pod, ReplicaSet } from '#shared/kyma/objects.ts';
import { workloadVerdict } from '#shared/kyma/rollout.ts';

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
  workloadVerdict(
    { deployment: deployment(status), replicaSets: [replicaSet('old', 9), newest], pods },
    { minReplicas: 2 },
  );

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

  const REGISTRY = 'failed to resolve reference "registry.example.com/models@sha256:0401": ';

  it.each([
    ['ImagePullBackOff', `Back-off pulling image "x": ErrImagePull: ${REGISTRY}401 Unauthorized`],
    [
      'ErrImagePull',
      `${REGISTRY}unexpected status from HEAD request to https://registry.example.com/v2/: 403 Forbidden`,
    ],
    ['ImagePullBackOff', `${REGISTRY}not found`],
    ['ErrImagePull', 'pull access denied, repository does not exist or may require authorization'],
    ['InvalidImageName', 'Failed to apply default image tag'],
    ['CreateContainerConfigError', 'container has runAsNonRoot and image will run as root'],
    ['RunContainerError', 'exec: "serve": executable file not found in $PATH'],
  ])('fails at once by %s that says %s', (reason, message) => {
    const found = pod('new', waiting(reason, message));

    expect(verdict(STARTING, [found])).toMatchObject({
      state: 'failed',
      reason,
      detail: expect.stringContaining(message),
      suspect: { pod: found, container: 'model', previous: false },
    });
  });

  it.each([
    ['ErrImagePull', 'why'],
    ['ImagePullBackOff', `${REGISTRY}unexpected status from HEAD request to https://a:403/v2/: 429 Too Many Requests`],
    ['ImagePullBackOff', `${REGISTRY}dial tcp 10.0.0.1:443: i/o timeout`],
    ['ImagePullBackOff', 'failed to fetch oauth token: unexpected status 503, not found in cache'],
    ['ImagePullBackOff', `Back-off pulling image "registry.example.com:403/models"`],
    ['CreateContainerConfigError', 'secret "late" not found'],
    ['CreateContainerError', 'context deadline exceeded'],
  ])('waits while %s says %s, which can pass', (reason, message) => {
    expect(verdict(STARTING, [pod('new', waiting(reason, message))])).toMatchObject({
      state: 'waiting',
      detail: expect.stringContaining(`${reason}: ${message}`),
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

  const sidecarThat = (status: Partial<ContainerStatus>) =>
    pod('new', {}, { initContainerStatuses: [{ name: 'istio-proxy', ...status }] });

  it('sees a sidecar that fails among the init containers', () => {
    const sidecar = sidecarThat(waiting('ImagePullBackOff', '401 Unauthorized'));

    expect(verdict(STARTING, [sidecar])).toMatchObject({ state: 'failed', suspect: { container: 'istio-proxy' } });
  });

  it('waits for a sidecar whose control plane is away', () => {
    const crashed = sidecarThat({ ...waiting('CrashLoopBackOff'), restartCount: 9 });

    expect(verdict(STARTING, [crashed])).toMatchObject({ state: 'waiting' });
  });

  it('does not mind what happens to old pods', () => {
    expect(verdict(STARTING, [pod('old', { ...waiting('CrashLoopBackOff'), restartCount: 9 })])).toMatchObject({
      state: 'waiting',
    });
  });

  const refusedBy = (message: string) =>
    replicaSet('new', 10, {
      conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }],
    });
  const QUOTA = 'pods "x" is forbidden: exceeded quota: small, requested: limits.cpu=500m,limits.memory=2Gi, ';
  const HELD = `${QUOTA}used: limits.cpu=1,limits.memory=2Gi, limited: limits.cpu=1,limits.memory=3Gi`;

  it.each([
    ['QuotaExceeded', `${QUOTA}used: limits.cpu=0,limits.memory=0, limited: limits.cpu=1,limits.memory=1Gi`],
    ['FailedCreate', 'pods "x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation'],
    ['FailedCreate', `pods "x" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'p' denied request: no`],
    ['FailedCreate', 'admission webhook "a.example.com" denied the request: no'],
    ['FailedCreate', 'pods "x" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi'],
  ])('fails at once by %s that no pause will change: %s', (reason, message) => {
    expect(verdict(STARTING, [], refusedBy(message))).toEqual({
      state: 'failed',
      reason,
      detail: `The cluster refuses the model's pods: ${message}`,
    });
  });

  it.each([
    ['a quota that old pods still hold', HELD],
    [
      'an injector’s webhook that is away',
      'Internal error occurred: failed calling webhook "sidecar-injector.istio.io": connect: connection refused',
    ],
  ])('waits for %s', (_, message) => {
    expect(verdict(STARTING, [], refusedBy(message))).toMatchObject({
      state: 'waiting',
      detail: expect.stringContaining(message),
    });
  });

  const late = (lastUpdateTime: string) => ({
    ...STARTING,
    conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', lastUpdateTime }],
  });
  const since = new Date('2026-03-01T06:00:00Z');

  it('fails by a quota that is held until the deadline', () => {
    const held = { deployment: deployment(late('2026-03-01T06:10:00Z')), replicaSets: [refusedBy(HELD)], pods: [] };

    expect(workloadVerdict(held, { minReplicas: 1, since })).toMatchObject({
      state: 'failed',
      reason: 'QuotaExceeded',
      detail: expect.stringContaining(HELD),
    });
  });

  it('does not take the deadline of an earlier rollout for its own', () => {
    const begun = { deployment: deployment(late('2026-03-01T05:59:00Z')), replicaSets: [], pods: [] };

    expect(workloadVerdict(begun, { minReplicas: 1, since })).toMatchObject({ state: 'waiting' });
  });

  it.each([
    ['fewer pods than the autoscaler is to bring up', SERVING, 3, 'waiting'],
    ['as many', SERVING, 2, 'ready'],
    ['more pods asked for by load than are available yet', { ...SERVING, availableReplicas: 1 }, 1, 'ready'],
  ])('with %s is judged by the lower bound', (_, status, minReplicas, state) => {
    const workload = { deployment: deployment(status), replicaSets: [], pods: [] };

    expect(workloadVerdict(workload, { minReplicas })).toMatchObject({ state });
  });

  it('is not ready when the Deployment is scaled to 0, and says how to change it', () => {
    const found = deployment({ replicas: 0, updatedReplicas: 0, availableReplicas: 0 });
    const off = { ...found, spec: { ...found.spec, replicas: 0 } };

    expect(workloadVerdict({ deployment: off, replicaSets: [], pods: [] })).toMatchObject({
      state: 'waiting',
      detail: expect.stringContaining('kubectl -n fedml scale deployment/flights --replicas=1'),
    });
  });

  it('fails when the deadline is over, with what a pod waits for', () => {
    const unscheduled: Pod['status'] = {
      conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available: insufficient memory' }],
    };

    expect(verdict(late('2026-03-01T06:10:00Z'), [pod('new', {}, unscheduled)])).toMatchObject({
      state: 'failed',
      reason: 'ProgressDeadlineExceeded',
      detail: expect.stringContaining('insufficient memory'),
      suspect: { container: 'model' },
    });
  });
});
