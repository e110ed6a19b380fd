import type { Cause } from '../api/status-error.ts';
import type { StoredObject } from '../api/stored-object.ts';
import { invalidValue, required, tooMany, unsupported } from './causes.ts';

interface ApiRuleSpec {
  readonly hosts?: readonly string[];
  readonly gateway?: string;
  readonly service?: ServiceReference;
  readonly timeout?: number;
  readonly rules?: readonly RuleSpec[];
}

interface ServiceReference {
  readonly name?: string;
  readonly port?: number;
}

interface RuleSpec {
  readonly path?: string;
  readonly methods?: readonly string[];
  readonly service?: ServiceReference;
  readonly timeout?: number;
  readonly noAuth?: boolean;
  readonly jwt?: { readonly authentications?: readonly { readonly issuer?: string; readonly jwksUri?: string }[] };
  readonly extAuth?: unknown;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];
const STATES = ['Processing', 'Deleting', 'Ready', 'Error', 'Warning'];
const HOST = /^(\*\.)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;
const GATEWAY = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\/[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const PATH = /^((\/([A-Za-z0-9-._~!$&'()+,;=:@]|%[0-9a-fA-F]{2})*)|(\/\{\*{1,2}\}))+$|^\/\*$/;

/**
 * Enumerations, limits and the CEL rules of APIRule v2's definition. As in the API server, an object that lacks something
 * is not held against the CEL rules, and told so.
 */
export const apiRuleCauses = ({ spec, status }: StoredObject): Cause[] => {
  const structural = [...schemaCauses((spec ?? {}) as ApiRuleSpec), ...statusCauses(status)];
  if (structural.some(({ reason = '' }) => BLOCKING.has(reason))) return [...structural, NOT_CHECKED];
  return [...structural, ...celCauses((spec ?? {}) as ApiRuleSpec)];
};

const BLOCKING = new Set(['FieldValueRequired', 'FieldValueNotSupported', 'FieldValueTooMany', 'FieldValueTooLong']);

const NOT_CHECKED: Cause = {
  reason: 'FieldValueInvalid',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors ' +
    'to complete validation',
  field: '<nil>',
};

const schemaCauses = ({ hosts, gateway, service, timeout, rules }: ApiRuleSpec): Cause[] => [
  ...(hosts?.length ? [] : [required('spec.hosts')]),
  ...(hosts && hosts.length > 1 ? [tooMany('spec.hosts', hosts.length, 1)] : []),
  ...(hosts ?? []).filter((host) => host.length > 255).map((_, index) => tooLong(`spec.hosts[${index}]`, 255)),
  ...(gateway !== undefined && gateway.length > 127 ? [tooLong('spec.gateway', 127)] : []),
  ...serviceCauses(service, 'spec.service'),
  ...rangeCauses(timeout, 'spec.timeout', 1, 3900),
  ...(rules?.length
    ? rules.flatMap((rule, index) => ruleCauses(rule, `spec.rules[${index}]`))
    : [required('spec.rules')]),
];

const ruleCauses = ({ path, methods, jwt, service, timeout }: RuleSpec, at: string): Cause[] => [
  ...(path === undefined ? [required(`${at}.path`)] : []),
  ...(path !== undefined && !PATH.test(path)
    ? [invalidValue(`${at}.path`, path, `${at}.path in body should match '${PATH.source}'`)]
    : []),
  ...(methods?.length ? [] : [required(`${at}.methods`)]),
  ...(methods ?? []).flatMap((method, index) =>
    METHODS.includes(method) ? [] : [unsupported(`${at}.methods[${index}]`, method, METHODS)],
  ),
  ...(jwt?.authentications ?? []).flatMap(({ issuer, jwksUri }, index) => [
    ...(issuer === undefined ? [required(`${at}.jwt.authentications[${index}].issuer`)] : []),
    ...(jwksUri === undefined ? [required(`${at}.jwt.authentications[${index}].jwksUri`)] : []),
  ]),
  ...serviceCauses(service, `${at}.service`),
  ...rangeCauses(timeout, `${at}.timeout`, 1, 3900),
];

const serviceCauses = (service: ServiceReference | undefined, at: string): Cause[] => {
  if (!service) return [];
  const { name, port } = service;
  return [
    ...(name === undefined ? [required(`${at}.name`)] : []),
    ...(port === undefined ? [required(`${at}.port`)] : []),
    ...rangeCauses(port, `${at}.port`, 1, 65_535),
  ];
};

const rangeCauses = (value: number | undefined, at: string, min: number, max: number): Cause[] => {
  if (value === undefined || (value >= min && value <= max)) return [];
  const limit = value < min ? `greater than or equal to ${min}` : `less than or equal to ${max}`;
  return [invalidValue(at, value, `${at} in body should be ${limit}`)];
};

const tooLong = (field: string, max: number): Cause => ({
  reason: 'FieldValueTooLong',
  message: `Too long: may not be more than ${max} bytes`,
  field,
});

const statusCauses = (status: unknown): Cause[] => {
  const { state } = (status ?? {}) as { readonly state?: string };
  if (status === undefined) return [];
  if (state === undefined) return [required('status.state')];
  return STATES.includes(state) ? [] : [unsupported('status.state', state, STATES)];
};

/** CEL's refusals quote a text that they refuse, and no object; before Kubernetes 1.35 they named the type of either. */
const celCauses = ({ hosts = [], gateway, rules = [] }: ApiRuleSpec): Cause[] => [
  ...hosts.flatMap((host, index) =>
    HOST.test(host) ? [] : [invalidValue(`spec.hosts[${index}]`, host, HOST_MESSAGE)],
  ),
  ...(gateway === undefined || GATEWAY.test(gateway)
    ? []
    : [invalidValue('spec.gateway', gateway, 'Gateway must be in the namespace/name format')]),
  ...rules.flatMap(({ noAuth, jwt, extAuth }, index) =>
    [noAuth === true, jwt !== undefined, extAuth !== undefined].filter(Boolean).length === 1
      ? []
      : [{ reason: 'FieldValueInvalid', message: `Invalid value: ${ONE_STRATEGY}`, field: `spec.rules[${index}]` }],
  ),
];

const ONE_STRATEGY = 'One of the following fields must be set: noAuth, jwt, extAuth';
const HOST_MESSAGE = 'Host must be a lowercase RFC 1123 label or a fully qualified domain name';
