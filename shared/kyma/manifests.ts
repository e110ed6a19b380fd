import { API_VERSIONS, type Kind, type KubernetesObject, type PodTemplate } from '#shared/kyma/objects.ts';
import {
  type DeployedModel,
  LABELS,
  MODEL_ANNOTATION,
  names,
  PORT,
  RUN_ANNOTATION,
  selectorOf,
} from '#shared/kyma/ownership.ts';
import { podTemplate } from '#shared/kyma/pod-template.ts';

/** What runs a model, in the order of its creation. Its pull secret and its route are applied apart. */
export const workloadManifests = (model: DeployedModel): KubernetesObject[] => [
  serviceAccount(model),
  service(model),
  deployment(model, podTemplate(model)),
  autoscaler(model),
  disruptionBudget(model),
];

/** The pods take no part in the cluster's API. */
const serviceAccount = (model: DeployedModel): KubernetesObject => ({
  ...header('ServiceAccount', model, names(model).serviceAccount),
  automountServiceAccountToken: false,
});

/** Istio takes the protocol from the port's name. */
const service = (model: DeployedModel): KubernetesObject => ({
  ...header('Service', model),
  spec: {
    type: 'ClusterIP',
    selector: selectorOf(model),
    ports: [{ name: 'http', port: PORT, targetPort: 'http', protocol: 'TCP' }],
  },
});

/** Without `replicas`, which are the autoscaler's. Old pods serve until new ones are ready. */
export const deployment = (model: DeployedModel, template: PodTemplate) => ({
  ...header('Deployment', model),
  spec: {
    revisionHistoryLimit: 3,
    progressDeadlineSeconds: PROGRESS_DEADLINE_SECONDS,
    selector: { matchLabels: selectorOf(model) },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    template,
  },
});

/** The first pull of a framework image of 1-2 GB takes minutes. */
const PROGRESS_DEADLINE_SECONDS = 600;

const autoscaler = (model: DeployedModel): KubernetesObject => ({
  ...header('HorizontalPodAutoscaler', model),
  spec: {
    scaleTargetRef: { apiVersion: API_VERSIONS.Deployment, kind: 'Deployment', name: names(model).workload },
    minReplicas: model.settings.replicas.min,
    maxReplicas: model.settings.replicas.max,
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } }],
  },
});

/** At most one pod at a time goes for a node's sake; `minAvailable: 1` would hold up every node of a single replica. */
const disruptionBudget = (model: DeployedModel): KubernetesObject => ({
  ...header('PodDisruptionBudget', model),
  spec: { maxUnavailable: 1, selector: { matchLabels: selectorOf(model) } },
});

/** Exposes /ping and /invocations under the host, for holders of the issuer's tokens unless `noAuth` was asked for. */
export const apiRuleManifest = (model: DeployedModel): KubernetesObject => ({
  ...header('APIRule', model),
  spec: {
    gateway: model.settings.gateway,
    hosts: [names(model).host],
    service: { name: names(model).workload, port: PORT },
    timeout: REQUEST_TIMEOUT_SECONDS,
    rules: [
      { path: '/ping', methods: ['GET'], ...access(model) },
      { path: '/invocations', methods: ['POST'], ...access(model) },
    ],
  },
});

/** As long as SageMaker gives a model for an answer. */
const REQUEST_TIMEOUT_SECONDS = 60;

const access = ({ settings: { auth } }: DeployedModel) => {
  if ('noAuth' in auth) return { noAuth: true };
  const { issuer, jwksUri, audiences, requiredScopes } = auth.jwt;
  return {
    jwt: {
      authentications: [{ issuer, jwksUri }],
      ...((audiences || requiredScopes) && {
        authorizations: [{ ...(requiredScopes && { requiredScopes }), ...(audiences && { audiences }) }],
      }),
    },
  };
};

export const namespaceManifest = (namespace: string): KubernetesObject => ({
  apiVersion: API_VERSIONS.Namespace,
  kind: 'Namespace',
  metadata: { name: namespace, labels: LABELS },
});

/** Name, labels, and where it comes from. */
const header = (kind: Kind, model: DeployedModel, name = names(model).workload) => ({
  apiVersion: API_VERSIONS[kind],
  kind,
  metadata: {
    name,
    namespace: model.settings.namespace,
    labels: { ...LABELS, ...selectorOf(model) },
    annotations: { [RUN_ANNOTATION]: model.runUri, [MODEL_ANNOTATION]: model.modelRecordUri },
  },
});
