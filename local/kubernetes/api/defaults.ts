import type { StoredObject } from './stored-object.ts';

type Fields = Record<string, unknown>;

/** Fills in what the API server fills in, as far as the laptop's controllers or its clients read it. */
export const setDefaults = (object: StoredObject): void => DEFAULTS[object.kind]?.(object);

const fill = (target: Fields, defaults: Fields): void => {
  for (const [name, value] of Object.entries(defaults)) target[name] ??= value;
};

const deployment = (object: StoredObject): void => {
  object.spec ??= {};
  const spec = object.spec as Fields;
  fill(spec, { replicas: 1, progressDeadlineSeconds: 600, revisionHistoryLimit: 10, strategy: {} });
  const strategy = spec.strategy as Fields;
  fill(strategy, { type: 'RollingUpdate' });
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {};
    fill(strategy.rollingUpdate as Fields, { maxSurge: '25%', maxUnavailable: '25%' });
  }
  const template = spec.template as { spec?: Fields } | undefined;
  if (template?.spec) podSpec(template.spec);
};

const podSpec = (spec: Fields): void => {
  fill(spec, {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    securityContext: {},
  });
  if (spec.serviceAccountName !== undefined) fill(spec, { serviceAccount: spec.serviceAccountName });
  for (const container of [...asList(spec.containers), ...asList(spec.initContainers)]) {
    fill(container, {
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
      resources: {},
    });
    fill(container, { imagePullPolicy: String(container.image).includes('@') ? 'IfNotPresent' : 'Always' });
    for (const port of asList(container.ports)) fill(port, { protocol: 'TCP' });
    for (const name of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
      const probe = container[name] as Fields | undefined;
      if (!probe) continue;
      fill(probe, { periodSeconds: 10, timeoutSeconds: 1, failureThreshold: 3, successThreshold: 1 });
      if (probe.httpGet) fill(probe.httpGet as Fields, { path: '/', scheme: 'HTTP' });
    }
  }
};

const asList = (value: unknown): Fields[] => (Array.isArray(value) ? (value as Fields[]) : []);

const DEFAULTS: Readonly<Record<string, (object: StoredObject) => void>> = {
  Deployment: deployment,
  Secret: (object) => fill(object, { type: 'Opaque' }),
  Namespace: (object) => {
    fill(object, { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } });
    object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name };
  },
  Service: (object) => {
    fill(object.spec as Fields, { type: 'ClusterIP', sessionAffinity: 'None', internalTrafficPolicy: 'Cluster' });
    for (const port of asList((object.spec as Fields).ports)) fill(port, { protocol: 'TCP', targetPort: port.port });
  },
  HorizontalPodAutoscaler: (object) => fill(object.spec as Fields, { minReplicas: 1 }),
};
