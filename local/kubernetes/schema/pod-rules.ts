import { isDeepStrictEqual } from 'node:util';
import { matchesLabels } from '../api/selectors.ts';
import type { Cause } from '../api/status-error.ts';
import type { StoredObject } from '../api/stored-object.ts';
import { invalidValue, required, unsupported } from './causes.ts';
import { quantity } from './quantity.ts';

interface DeploymentSpec {
  readonly replicas?: number;
  readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly template?: {
    readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
    readonly spec?: PodSpec;
  };
}

interface PodSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly { readonly name?: string }[];
  readonly restartPolicy?: string;
}

interface Container {
  readonly name?: string;
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
  const { containers = [], initContainers = [], volumes = [], restartPolicy = 'Always' } = spec;
  const volumeNames = new Set(volumes.map(({ name }) => name));
  const names = containers.map(({ name }) => name);
  return [
    ...(containers.length === 0 ? [required(`${at}.containers`)] : []),
    ...(restartPolicy === 'Always' ? [] : [unsupported(`${at}.restartPolicy`, restartPolicy, ['Always'])]),
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

const resourceCauses = ({ requests = {}, limits = {} }: NonNullable<Container['resources']>, at: string): Cause[] => [
  ...[...Object.entries(requests), ...Object.entries(limits)]
    .filter(([, value]) => Number.isNaN(quantity(value)))
    .map(([name, value]) =>
      invalidValue(`${at}.${name}`, value, 'quantities must match the regular expression of a quantity'),
    ),
  ...Object.entries(requests)
    .filter(([name, value]) => limits[name] !== undefined && quantity(value) > quantity(limits[name]))
    .map(([name, value]) =>
      invalidValue(`${at}.requests`, value, `must be less than or equal to ${name} limit of ${limits[name]}`),
    ),
];
