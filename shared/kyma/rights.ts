/** Verbs on a resource of Kubernetes; the resource with its subresource, such as `pods/log`. */
export interface ResourceRights {
  /** Empty for the core group. */
  readonly group: string;
  readonly resource: string;
  readonly verbs: readonly string[];
}

const READ = ['get', 'list'];
/** Of what is found by its name. Nobody who steals the kubeconfig can list a namespace's Secrets with it. */
const WRITE = ['get', 'create', 'patch', 'delete'];

/** What a deployment does in its namespace: the role `fedml-deployer` of docs/kyma.md. */
export const NAMESPACE_RIGHTS: readonly ResourceRights[] = [
  { group: 'apps', resource: 'deployments', verbs: WRITE },
  { group: 'apps', resource: 'replicasets', verbs: ['get', 'list'] },
  { group: '', resource: 'services', verbs: WRITE },
  { group: '', resource: 'serviceaccounts', verbs: WRITE },
  { group: '', resource: 'secrets', verbs: WRITE },
  { group: '', resource: 'pods', verbs: ['list'] },
  { group: '', resource: 'pods/log', verbs: ['get'] },
  { group: '', resource: 'events', verbs: ['list'] },
  { group: 'autoscaling', resource: 'horizontalpodautoscalers', verbs: WRITE },
  { group: 'policy', resource: 'poddisruptionbudgets', verbs: WRITE },
  { group: 'gateway.kyma-project.io', resource: 'apirules', verbs: [...READ, 'create', 'patch', 'delete'] },
];

/** And outside of it: the role `fedml-deployer-outside`. */
export const CLUSTER_RIGHTS: readonly ResourceRights[] = [
  { group: 'networking.istio.io', resource: 'gateways', verbs: ['get'] },
  { group: 'apps', resource: 'deployments', verbs: ['list'] },
  { group: '', resource: 'namespaces', verbs: ['get'] },
];

/** What is left out where namespaces are made by somebody else: the role `fedml-namespace-maker`. */
export const NAMESPACE_MAKER_RIGHTS: readonly ResourceRights[] = [
  { group: '', resource: 'namespaces', verbs: ['create', 'patch'] },
];
