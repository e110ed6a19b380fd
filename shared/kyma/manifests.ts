import { API_VERSIONS, type Kind, type KubernetesObject, type PodTemplate } from '#shared/kyma/objects.ts';
import {
  type DeployedModel,
  LABELS,
  labelsOf,
  MODEL_ANNOTATION,
  names,
  type Owner,
  PORT,
  RUN_ANNOTATION,
  selectorOf,
} from '#shared/kyma/ownership.ts';
import { MODEL_CONTAINER, podTemplate } from '#shared/kyma/pod-template.ts';

/** Whose an object is, where it lies, and which run and model it says it comes from; what isn't known isn't said. */
export interface Origin extends Owner {
  readonly namespace: string;
  readonly runUri: string | null;
  readonly modelRecordUri: string | null;
}

const originOf = ({ pipeline, stage, settings: { namespace }, runUri, modelRecordUri }: DeployedModel): Origin => ({
  pipeline,
  stage,
  namespace,
  runUri,
  modelRecordUri,
});

/** What runs a model, in the order of its creation. Its pull secret and its route are applied apart. */
export const workloadManifests = (model: DeployedModel): KubernetesObject[] => {
  const origin = originOf(model);
  return [
    serviceAccount(origin),
    service(origin),
    deployment(origin, podTemplate(model)),
    autoscaler(origin, autoscalerSpec(model)),
    disruptionBudget(origin),
  ];
};

/** What is the same in every run but for its origin. */
export const supportManifests = (origin: Origin): KubernetesObject[] => [
  serviceAccount(origin),
  service(origin),
  disruptionBudget(origin),
];

/** The pods take no part in the cluster's API. */
const serviceAccount = (model: Origin): KubernetesObject => ({
  ...header('ServiceAccount', model, names(model).serviceAccount),
  automountServiceAccountToken: false,
});

/** Istio takes the protocol from the port's name. */
const service = (model: Origin): KubernetesObject => ({
  ...header('Service', model),
  spec: {
    type: 'ClusterIP',
    selector: selectorOf(model),
    ports: [{ name: 'http', port: PORT, targetPort: 'http', protocol: 'TCP' }],
  },
});

/** Without `replicas`, which are the autoscaler's. Old pods serve until new ones are ready. */
export const deployment = (model: Origin, template: PodTemplate) => ({
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

export const autoscaler = (model: Origin, spec: object): KubernetesObject => ({
  ...header('HorizontalPodAutoscaler', model),
  spec,
});

const autoscalerSpec = (model: DeployedModel) => ({
  scaleTargetRef: { apiVersion: API_VERSIONS.Deployment, kind: 'Deployment', name: names(model).workload },
  minReplicas: model.settings.replicas.min,
  maxReplicas: model.settings.replicas.max,
  // The model's own container: an average over the pod would be diluted by the idle sidecar.
  metrics: [
    {
      type: 'ContainerResource',
      containerResource: {
        name: 'cpu',
        container: MODEL_CONTAINER,
        target: { type: 'Utilization', averageUtilization: 70 },
      },
    },
  ],
});

/** At most one pod at a time goes for a node's sake; `minAvailable: 1` would hold up every node of a single replica. */
const disruptionBudget = (model: Origin): KubernetesObject => ({
  ...header('PodDisruptionBudget', model),
  spec: { maxUnavailable: 1, selector: { matchLabels: selectorOf(model) } },
});

/** Exposes /ping and /invocations under the host, for holders of the issuer's tokens unless `noAuth` was asked for. */
export const apiRuleManifest = (model: DeployedModel): KubernetesObject =>
  route(originOf(model), {
    gateway: model.settings.gateway,
    hosts: [names(model).host],
    service: { name: names(model).workload, port: PORT },
    timeout: REQUEST_TIMEOUT_SECONDS,
    rules: [
      { path: '/ping', methods: ['GET'], ...access(model) },
      { path: '/invocations', methods: ['POST'], ...access(model) },
    ],
  });

export const route = (model: Origin, spec: object): KubernetesObject => ({ ...header('APIRule', model), spec });

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
const header = (kind: Kind, model: Origin, name = names(model).workload) => ({
  apiVersion: API_VERSIONS[kind],
  kind,
  metadata: {
    name,
    namespace: model.namespace,
    labels: labelsOf(model),
    annotations: {
      ...(model.runUri !== null && { [RUN_ANNOTATION]: model.runUri }),
      ...(model.modelRecordUri !== null && { [MODEL_ANNOTATION]: model.modelRecordUri }),
    },
  },
});
