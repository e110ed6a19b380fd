/** Verbs on a resource of Kubernetes; the resource with its subresource, such as `pods/log`. */
export interface ResourceRights {
  /** Empty for the core group. */
  readonly group: string;
  readonly resource: string;
  readonly verbs: readonly string[];
}

const READ = ['get', 'list'];
const WRITE = ['get', 'list', 'create', 'patch', 'delete'];

/** What a deployment does in its namespace: the role `fedml-deployer` of docs/kyma.md. */
export const NAMESPACE_RIGHTS: readonly ResourceRights[] = [
  { group: 'apps', resource: 'deployments', verbs: WRITE },
  { group: 'apps', resource: 'replicasets', verbs: READ },
  { group: '', resource: 'services', verbs: WRITE },
  { group: '', resource: 'serviceaccounts', verbs: WRITE },
  { group: '', resource: 'secrets', verbs: WRITE },
  { group: '', resource: 'pods', verbs: READ },
  { group: '', resource: 'pods/log', verbs: ['get'] },
  { group: '', resource: 'events', verbs: READ },
  { group: 'autoscaling', resource: 'horizontalpodautoscalers', verbs: WRITE },
  { group: 'policy', resource: 'poddisruptionbudgets', verbs: WRITE },
  { group: 'gateway.kyma-project.io', resource: 'apirules', verbs: WRITE },
];

/** And outside of it: the role `fedml-deployer-outside`, with the right to make namespaces. */
export const CLUSTER_RIGHTS: readonly ResourceRights[] = [
  { group: 'networking.istio.io', resource: 'gateways', verbs: ['get'] },
  { group: 'apps', resource: 'deployments', verbs: ['list'] },
  { group: '', resource: 'namespaces', verbs: ['get', 'create', 'patch'] },
];
