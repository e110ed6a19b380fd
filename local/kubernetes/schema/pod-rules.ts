import { isDeepStrictEqual } from 'node:util';
import { matchesLabels } from '../api/selectors.ts';
import type { Cause } from '../api/status-error.ts';
import type { StoredObject } from '../api/stored-object.ts';
import { forbidden, invalidValue, required, unsupported } from './causes.ts';
import { quantity } from './quantity.ts';

interface DeploymentSpec {
  readonly replicas?: number;
  readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly template?: {
    readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
    readonly spec?: PodSpec;
  };
}

interface Ids {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly fsGroup?: number;
}

interface PodSpec {
  readonly securityContext?: Ids;
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly { readonly name?: string }[];
  readonly restartPolicy?: string;
}

interface Container {
  readonly name?: string;
  readonly env?: readonly { readonly name?: string }[];
  readonly ports?: readonly { readonly containerPort?: number }[];
  readonly startupProbe?: object;
  readonly readinessProbe?: object;
  readonly livenessProbe?: object;
  readonly securityContext?: Ids;
  readonly image?: string;
  readonly imagePullPolicy?: string;
  readonly resources?: { readonly requests?: Quantities; readonly limits?: Quantities };
  readonly volumeMounts?: readonly { readonly name?: string; readonly mountPath?: string }[];
}

type Quantities = Readonly<Record<string, string | number>>;

export const deploymentCauses = (object: StoredObject, before: StoredObject | undefined): Cause[] => {
  const { replicas = 1, selector, template } = (object.spec ?? {}) as DeploymentSpec;
  const labels = selector?.matchLabels;
  const causes: Cause[] = [];
  if (replicas < 0) causes.push(invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'));
  if (!labels || Object.keys(labels).length === 0) causes.push(required('spec.selector'));
  else if (!matchesLabels(template?.metadata?.labels, labels)) {
    const where = 'spec.template.metadata.labels';
    causes.push(invalidValue(where, template?.metadata?.labels, '`selector` does not match template `labels`'));
  }
  const selectorBefore = (before?.spec as DeploymentSpec | undefined)?.selector;
  if (before && !isDeepStrictEqual(selectorBefore, selector)) {
    causes.push(invalidValue('spec.selector', selector, 'field is immutable'));
  }
  return [...causes, ...podCauses(template?.spec ?? {}, 'spec.template.spec')];
};

const podCauses = (spec: PodSpec, at: string): Cause[] => {
  const { containers = [], initContainers = [], volumes = [], restartPolicy = 'Always', securityContext = {} } = spec;
  const volumeNames = new Set(volumes.map(({ name }) => name));
  const names = containers.map(({ name }) => name);
  return [
    ...(containers.length === 0 ? [required(`${at}.containers`)] : []),
    ...(restartPolicy === 'Always' ? [] : [unsupported(`${at}.restartPolicy`, restartPolicy, ['Always'])]),
    ...idCauses(securityContext, `${at}.securityContext`),
    ...names.flatMap((name, index) =>
      names.indexOf(name) < index
        ? [
            {
              reason: 'FieldValueDuplicate',
              message: `Duplicate value: "${name}"`,
              field: `${at}.containers[${index}].name`,
            },
          ]
        : [],
    ),
    ...containers.flatMap((each, index) => containerCauses(each, volumeNames, `${at}.containers[${index}]`)),
    ...initContainers.flatMap((each, index) => containerCauses(each, volumeNames, `${at}.initContainers[${index}]`)),
  ];
};

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];

const containerCauses = (container: Container, volumeNames: ReadonlySet<string | undefined>, at: string): Cause[] => {
  const { name, image, imagePullPolicy = 'Always', resources = {}, volumeMounts = [] } = container;
  return [
    ...(name ? [] : [required(`${at}.name`)]),
    ...(image ? [] : [required(`${at}.image`)]),
    ...(PULL_POLICIES.includes(imagePullPolicy)
      ? []
      : [unsupported(`${at}.imagePullPolicy`, imagePullPolicy, PULL_POLICIES)]),
    ...(container.env ?? []).flatMap(({ name: variable = '' }, index) =>
      VARIABLE.test(variable) ? [] : [invalidValue(`${at}.env[${index}].name`, variable, VARIABLE_MESSAGE)],
    ),
    ...(container.ports ?? []).flatMap(({ containerPort = 0 }, index) =>
      rangeCauses(containerPort, `${at}.ports[${index}].containerPort`, 1, 65_535),
    ),
    ...PROBES.flatMap((probe) => probeCauses(container[probe], `${at}.${probe}`)),
    ...idCauses(container.securityContext ?? {}, `${at}.securityContext`),
    ...resourceCauses(resources, `${at}.resources`),
    ...volumeMounts.flatMap((mount, index) =>
      volumeNames.has(mount.name)
        ? []
        : [
            {
              reason: 'FieldValueNotFound',
              message: `Not found: "${mount.name}"`,
              field: `${at}.volumeMounts[${index}].name`,
            },
          ],
    ),
  ];
};

const VARIABLE = /^[ -<>-~]+$/;
const VARIABLE_MESSAGE =
  "a valid environment variable name must consist only of printable ASCII characters other than '='";

const PROBES = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const;
const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc'];

const probeCauses = (probe: object | undefined, at: string): Cause[] => {
  if (!probe) return [];
  const handlers = HANDLERS.filter((each) => Object.hasOwn(probe, each));
  if (handlers.length === 0) return [required(at)];
  return handlers.slice(1).map((each) => forbidden(`${at}.${each}`, 'may not specify more than 1 handler type'));
};

const idCauses = ({ runAsUser, runAsGroup, fsGroup }: Ids, at: string): Cause[] =>
  Object.entries({ runAsUser, runAsGroup, fsGroup }).flatMap(([name, id]) =>
    id === undefined ? [] : rangeCauses(id, `${at}.${name}`, 0, 2_147_483_647),
  );

const rangeCauses = (value: number, at: string, min: number, max: number): Cause[] =>
  value >= min && value <= max ? [] : [invalidValue(at, value, `must be between ${min} and ${max}, inclusive`)];

const resourceCauses = ({ requests = {}, limits = {} }: NonNullable<Container['resources']>, at: string): Cause[] => [
  ...Object.entries(requests)
    .filter(([name, value]) => limits[name] !== undefined && quantity(value) > quantity(limits[name]))
    .map(([name, value]) =>
      invalidValue(`${at}.requests`, value, `must be less than or equal to ${name} limit of ${limits[name]}`),
    ),
];
