import { describe, expect, it } from 'vitest';
import { schemaOfKind } from '#local/kubernetes/schema/kinds.ts';
import { schemaErrors } from '#local/kubernetes/schema/schema.ts';
import { apiRuleManifest, workloadManifests } from '#shared/kyma/manifests.ts';
import type { Kind } from '#shared/kyma/objects.ts';
import { pullSecretManifest } from '#shared/kyma/pull-secret.ts';
import { deployedModel, settings } from './models.ts';

const IMAGE = 'registry/models@sha256:0123';
const model = deployedModel(IMAGE);

const manifest = (kind: Kind, of = model) => workloadManifests(of).find((each) => each.kind === kind)!;

const labels = {
  'app.kubernetes.io/managed-by': 'fedml-serverless',
  'app.kubernetes.io/name': 'model-server',
  'app.kubernetes.io/instance': 'adder',
};
const metadata = {
  name: 'adder',
  namespace: 'models',
  labels,
  annotations: {
    'fedml-serverless/run': 's3://store/runs/adder/run-1/',
    'fedml-serverless/model': 's3://store/models/adder/job-1.json',
  },
};
const selector = { 'app.kubernetes.io/name': 'model-server', 'app.kubernetes.io/instance': 'adder' };

describe('the manifests', () => {
  it('come in the order in which they need each other', () => {
    expect(workloadManifests(model).map(({ kind }) => kind)).toEqual([
      'ServiceAccount',
      'Service',
      'Deployment',
      'HorizontalPodAutoscaler',
      'PodDisruptionBudget',
    ]);
  });

  it('have no field that Kubernetes’ own types lack: the client would leave it out without a word', () => {
    for (const runAsUser of [1000, null]) {
      for (const object of [...workloadManifests({ ...model, runAsUser }), apiRuleManifest(model)]) {
        expect(schemaErrors(object, schemaOfKind(object.kind)), object.kind).toEqual([]);
      }
    }
  });

  it('have a Deployment that replaces pods one by one, without a number of its own', () => {
    const ping = { httpGet: { path: '/ping', port: 'http' } };
    const restricted = {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    };
    expect(manifest('Deployment')).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        revisionHistoryLimit: 3,
        progressDeadlineSeconds: 600,
        selector: { matchLabels: selector },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        template: {
          metadata: {
            labels: {
              ...labels,
              'sidecar.istio.io/inject': 'true',
              'networking.kyma-project.io/from-ingressgateway': 'allowed',
            },
          },
          spec: {
            serviceAccountName: 'adder',
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            imagePullSecrets: [{ name: 'adder-registry' }],
            terminationGracePeriodSeconds: 75,
            securityContext: {
              seccompProfile: { type: 'RuntimeDefault' },
              runAsNonRoot: true,
              runAsUser: 1000,
              runAsGroup: 1000,
              fsGroup: 1000,
            },
            volumes: [
              { name: 'tmp', emptyDir: { sizeLimit: '1Gi' } },
              { name: 'code', emptyDir: { sizeLimit: '1Gi' } },
            ],
            initContainers: [
              {
                name: 'copy-code',
                image: IMAGE,
                imagePullPolicy: 'IfNotPresent',
                command: ['cp', '-R', '/opt/ml/code/.', '/code'],
                resources: settings.resources,
                securityContext: restricted,
                volumeMounts: [{ name: 'code', mountPath: '/code' }],
              },
            ],
            containers: [
              {
                name: 'model',
                image: IMAGE,
                imagePullPolicy: 'IfNotPresent',
                ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
                resources: {
                  requests: { cpu: '250m', memory: '512Mi' },
                  limits: { cpu: '1', memory: '2Gi' },
                },
                startupProbe: { ...ping, periodSeconds: 5, timeoutSeconds: 10, failureThreshold: 60 },
                readinessProbe: { ...ping, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3 },
                livenessProbe: { ...ping, periodSeconds: 20, timeoutSeconds: 10, failureThreshold: 6 },
                lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
                securityContext: restricted,
                volumeMounts: [
                  { name: 'tmp', mountPath: '/tmp' },
                  { name: 'code', mountPath: '/opt/ml/code' },
                ],
              },
            ],
          },
        },
      },
    });
  });

  it('leave an image that needs root its user, and as little else as it can do with', () => {
    const { spec } = (manifest('Deployment', { ...model, runAsUser: null }).spec as { template: { spec: object } })
      .template;

    expect(spec).toMatchObject({
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'], add: ['CHOWN', 'DAC_OVERRIDE', 'SETGID', 'SETUID'] },
          },
        },
      ],
    });
    expect(spec).not.toHaveProperty('volumes');
    expect(spec).not.toHaveProperty('initContainers');
  });

  it('say nothing of the run in the pods, so that a run with the same image restarts none', () => {
    const later = { ...model, runUri: 's3://store/runs/adder/run-2/' };

    expect(manifest('Deployment', later).spec).toEqual(manifest('Deployment').spec);
    expect(manifest('Deployment', later).metadata).not.toEqual(manifest('Deployment').metadata);
  });

  it('pass the environment of pipeline.yml on', () => {
    const changed = { ...model, settings: { ...settings, environment: { THREADS: '2' } } };

    expect(manifest('Deployment', changed)).toMatchObject({
      spec: { template: { spec: { containers: [{ env: [{ name: 'THREADS', value: '2' }] }] } } },
    });
  });

  it('keep the pods out of the cluster’s API', () => {
    expect(manifest('ServiceAccount')).toEqual({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata,
      automountServiceAccountToken: false,
    });
  });

  it('name the Service’s port for Istio', () => {
    expect(manifest('Service')).toEqual({
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        type: 'ClusterIP',
        selector,
        ports: [{ name: 'http', port: 8080, targetPort: 'http', protocol: 'TCP' }],
      },
    });
  });

  it('let one pod at a time be taken, also the only one', () => {
    expect(manifest('PodDisruptionBudget').spec).toEqual({ maxUnavailable: 1, selector: { matchLabels: selector } });
    expect(manifest('HorizontalPodAutoscaler').spec).toMatchObject({
      minReplicas: 1,
      maxReplicas: 2,
      metrics: [{ type: 'ContainerResource', containerResource: { name: 'cpu', container: 'model' } }],
    });
  });
});

describe('the APIRule', () => {
  const jwt = { issuer: 'https://t.example.com', jwksUri: 'https://t.example.com/certs' };

  it('lets holders of the issuer’s tokens in, with the audiences and scopes that are asked for', () => {
    const auth = { jwt: { ...jwt, audiences: ['models'], requiredScopes: ['predict'] } };
    const rule = apiRuleManifest({ ...model, settings: { ...settings, auth } });

    const access = {
      jwt: {
        authentications: [jwt],
        authorizations: [{ audiences: ['models'], requiredScopes: ['predict'] }],
      },
    };
    expect(rule).toEqual({
      apiVersion: 'gateway.kyma-project.io/v2',
      kind: 'APIRule',
      metadata,
      spec: {
        gateway: 'kyma-system/kyma-gateway',
        hosts: ['adder'],
        service: { name: 'adder', port: 8080 },
        timeout: 60,
        rules: [
          { path: '/ping', methods: ['GET'], ...access },
          { path: '/invocations', methods: ['POST'], ...access },
        ],
      },
    });
  });

  it('has no list of authorizations where none is asked for: an empty one is an error', () => {
    const rule = apiRuleManifest({ ...model, settings: { ...settings, auth: { jwt } } });

    expect(rule.spec).toMatchObject({ rules: [{ jwt: { authentications: [jwt] } }, {}] });
    expect(JSON.stringify(rule)).not.toContain('authorizations');
  });

  it('is open to all when that was asked for in so many words', () => {
    expect(apiRuleManifest(model).spec).toMatchObject({ rules: [{ noAuth: true }, { noAuth: true }] });
  });

  it('takes another host and gateway', () => {
    const changed = { ...model, settings: { ...settings, host: 'sum', gateway: 'models/own' } };

    expect(apiRuleManifest(changed).spec).toMatchObject({ hosts: ['sum'], gateway: 'models/own' });
  });
});

it('writes the registry’s login and its end into the pull secret', () => {
  const secret = pullSecretManifest(
    { pipeline: 'adder', namespace: 'models' },
    { host: 'registry', username: 'AWS', password: 'p', expiresAt: new Date('2026-03-01T18:00:00Z') },
  );

  expect(secret).toMatchObject({
    type: 'kubernetes.io/dockerconfigjson',
    metadata: { labels, annotations: { 'fedml-serverless/expires-at': '2026-03-01T18:00:00.000Z' } },
  });
  const { '.dockerconfigjson': content } = secret.data as Record<string, string>;
  expect(JSON.parse(Buffer.from(content!, 'base64').toString())).toEqual({ auths: { registry: { auth: 'QVdTOnA=' } } });
});
