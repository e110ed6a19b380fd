/** A resource that the API serves. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  readonly hasStatus: boolean;
  /** Whether `metadata.generation` counts the changes of what is wished for. */
  readonly hasGeneration?: boolean;
  /** Written by the cluster only, not by its users. */
  readonly readOnly?: boolean;
}

const core = { group: '', version: 'v1' };
const apps = { group: 'apps', version: 'v1' };

export const RESOURCES: readonly Resource[] = [
  { ...core, kind: 'Namespace', plural: 'namespaces', shortNames: ['ns'], namespaced: false, hasStatus: true },
  { ...core, kind: 'ConfigMap', plural: 'configmaps', shortNames: ['cm'], namespaced: true, hasStatus: false },
  { ...core, kind: 'Secret', plural: 'secrets', shortNames: [], namespaced: true, hasStatus: false },
  {
    ...core,
    kind: 'ServiceAccount',
    plural: 'serviceaccounts',
    shortNames: ['sa'],
    namespaced: true,
    hasStatus: false,
  },
  { ...core, kind: 'Service', plural: 'services', shortNames: ['svc'], namespaced: true, hasStatus: true },
  {
    ...core,
    kind: 'ResourceQuota',
    plural: 'resourcequotas',
    shortNames: ['quota'],
    namespaced: true,
    hasStatus: true,
  },
  { ...core, kind: 'Pod', plural: 'pods', shortNames: ['po'], namespaced: true, hasStatus: true, readOnly: true },
  { ...core, kind: 'Event', plural: 'events', shortNames: ['ev'], namespaced: true, hasStatus: false, readOnly: true },
  {
    ...apps,
    kind: 'Deployment',
    plural: 'deployments',
    shortNames: ['deploy'],
    namespaced: true,
    hasStatus: true,
    hasGeneration: true,
  },
  {
    ...apps,
    kind: 'ReplicaSet',
    plural: 'replicasets',
    shortNames: ['rs'],
    namespaced: true,
    hasStatus: true,
    hasGeneration: true,
    readOnly: true,
  },
  {
    group: 'autoscaling',
    version: 'v2',
    kind: 'HorizontalPodAutoscaler',
    plural: 'horizontalpodautoscalers',
    shortNames: ['hpa'],
    namespaced: true,
    hasStatus: true,
  },
  {
    group: 'policy',
    version: 'v1',
    kind: 'PodDisruptionBudget',
    plural: 'poddisruptionbudgets',
    shortNames: ['pdb'],
    namespaced: true,
    hasStatus: true,
    hasGeneration: true,
  },
  {
    group: 'gateway.kyma-project.io',
    version: 'v2',
    kind: 'APIRule',
    plural: 'apirules',
    shortNames: [],
    namespaced: true,
    hasStatus: true,
    hasGeneration: true,
  },
  {
    group: 'networking.istio.io',
    version: 'v1',
    kind: 'Gateway',
    plural: 'gateways',
    shortNames: ['gw'],
    namespaced: true,
    hasStatus: true,
    hasGeneration: true,
    readOnly: true,
  },
];

export const resourceOfKind = (kind: string): Resource => RESOURCES.find((each) => each.kind === kind)!;

export const apiVersionOf = ({ group, version }: Pick<Resource, 'group' | 'version'>): string =>
  group ? `${group}/${version}` : version;
