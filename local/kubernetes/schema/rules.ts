import type { Cause } from '../api/status-error.ts';
import type { StoredObject } from '../api/stored-object.ts';
import { apiRuleCauses } from './api-rule-rules.ts';
import { invalidValue, required } from './causes.ts';
import { deploymentCauses } from './pod-rules.ts';

type Spec = Readonly<Record<string, unknown>>;
type Rule = (object: StoredObject, before: StoredObject | undefined) => Cause[];

/** What the API's own validation says about an object whose fields and types are right, as causes of 422. */
export const objectCauses = (object: StoredObject, before: StoredObject | undefined): Cause[] => [
  ...nameCauses(object),
  ...metadataCauses(object),
  ...(RULES[object.kind]?.(object, before) ?? []),
];

/** Without the marks of beginning and end. */
function bare({ source }: RegExp): string {
  return source.slice(1, -1);
}

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SERVICE_LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

interface NameRule {
  readonly pattern: RegExp;
  readonly maxLength: number;
  readonly message: string;
}

/** In the API server's own words. */
const ANY_NAME: NameRule = {
  pattern: SUBDOMAIN,
  maxLength: 253,
  message:
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end " +
    `with an alphanumeric character (e.g. 'example.com', regex used for validation is '${bare(SUBDOMAIN)}')`,
};

const NAME_RULES: Readonly<Record<string, NameRule>> = {
  Namespace: {
    pattern: LABEL,
    maxLength: 63,
    message:
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an " +
      `alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${bare(LABEL)}')`,
  },
  Service: {
    pattern: SERVICE_LABEL,
    maxLength: 63,
    message:
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end " +
      `with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '${bare(SERVICE_LABEL)}')`,
  },
};

const nameCauses = ({ kind, metadata: { name } }: StoredObject): Cause[] => {
  const { pattern, maxLength, message } = NAME_RULES[kind] ?? ANY_NAME;
  return [
    ...(name.length <= maxLength
      ? []
      : [invalidValue('metadata.name', name, `must be no more than ${maxLength} bytes`)]),
    ...(pattern.test(name) ? [] : [invalidValue('metadata.name', name, message)]),
  ];
};

const QUALIFIED_NAME = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const LABEL_MESSAGE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an " +
  `alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '${bare(LABEL_VALUE)}')`;

const metadataCauses = ({ metadata: { labels = {}, annotations = {} } }: StoredObject): Cause[] => [
  ...Object.entries(labels).flatMap(([name, value]) => [
    ...(QUALIFIED_NAME.test(name) ? [] : [invalidValue('metadata.labels', name, 'name part must be a qualified name')]),
    ...(value.length <= 63 ? [] : [invalidValue('metadata.labels', value, 'must be no more than 63 bytes')]),
    ...(LABEL_VALUE.test(value) ? [] : [invalidValue('metadata.labels', value, LABEL_MESSAGE)]),
  ]),
  ...Object.keys(annotations)
    .filter((name) => !QUALIFIED_NAME.test(name.toLowerCase()))
    .map((name) => invalidValue('metadata.annotations', name, 'name part must be a qualified name')),
];

const specOf = ({ spec }: StoredObject): Spec => (spec ?? {}) as Spec;

const serviceCauses: Rule = (object) => {
  const { ports = [], type } = specOf(object) as { ports?: { port?: number; name?: string }[]; type?: string };
  if (ports.length === 0 && type !== 'ExternalName') return [required('spec.ports')];
  return ports.flatMap(({ port, name }, index) => [
    ...(port !== undefined && port >= 1 && port <= 65_535
      ? []
      : [invalidValue(`spec.ports[${index}].port`, port, 'must be between 1 and 65535, inclusive')]),
    ...(ports.length > 1 && !name ? [required(`spec.ports[${index}].name`)] : []),
  ]);
};

const secretCauses: Rule = (object, before) => {
  const { type = 'Opaque', data = {} } = object as { type?: string; data?: Record<string, string> };
  if (before && (before.type ?? 'Opaque') !== type) return [invalidValue('type', type, 'field is immutable')];
  if (type !== 'kubernetes.io/dockerconfigjson') return [];
  const content = data['.dockerconfigjson'];
  if (!content) return [required('data[.dockerconfigjson]')];
  try {
    JSON.parse(Buffer.from(content, 'base64').toString('utf8'));
    return [];
  } catch {
    return [invalidValue('data[.dockerconfigjson]', '<secret contents redacted>', 'invalid JSON')];
  }
};

const autoscalerCauses: Rule = (object) => {
  const {
    minReplicas = 1,
    maxReplicas,
    scaleTargetRef,
  } = specOf(object) as {
    minReplicas?: number;
    maxReplicas?: number;
    scaleTargetRef?: { kind?: string; name?: string };
  };
  return [
    ...(scaleTargetRef?.kind ? [] : [required('spec.scaleTargetRef.kind')]),
    ...(scaleTargetRef?.name ? [] : [required('spec.scaleTargetRef.name')]),
    ...(minReplicas >= 1 ? [] : [invalidValue('spec.minReplicas', minReplicas, 'must be greater than or equal to 1')]),
    ...(maxReplicas !== undefined && maxReplicas >= Math.max(1, minReplicas)
      ? []
      : [invalidValue('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`')]),
  ];
};

const budgetCauses: Rule = (object) => {
  const { minAvailable, maxUnavailable } = specOf(object);
  if (minAvailable === undefined || maxUnavailable === undefined) return [];
  return [invalidValue('spec', 'minAvailable, maxUnavailable', 'minAvailable and maxUnavailable cannot be both set')];
};

const RULES: Readonly<Record<string, Rule>> = {
  Service: serviceCauses,
  Secret: secretCauses,
  HorizontalPodAutoscaler: autoscalerCauses,
  PodDisruptionBudget: budgetCauses,
  Deployment: deploymentCauses,
  APIRule: apiRuleCauses,
};
