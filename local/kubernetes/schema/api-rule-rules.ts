import type { Cause } from '../api/status-error.ts';
import type { StoredObject } from '../api/stored-object.ts';
import { invalidValue, required, unsupported } from './causes.ts';

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
const HOST = /^(\*\.)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;
const GATEWAY = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\/[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const PATH = /^\/(\*|[^*{}]*(\{\*\}[^*{}]*)*(\{\*\*\})?[^*{}]*)$/;

/** Enumerations, limits and the CEL rules of APIRule v2's definition. */
export const apiRuleCauses = ({ spec }: StoredObject): Cause[] => {
  const { hosts, gateway, service, timeout, rules } = (spec ?? {}) as ApiRuleSpec;
  return [
    ...hostCauses(hosts),
    ...(gateway === undefined || (GATEWAY.test(gateway) && gateway.length <= 127)
      ? []
      : [invalidValue('spec.gateway', gateway, 'Gateway must be in the namespace/name format')]),
    ...serviceCauses(service, 'spec.service'),
    ...timeoutCauses(timeout, 'spec.timeout'),
    ...(rules?.length
      ? rules.flatMap((rule, index) => ruleCauses(rule, `spec.rules[${index}]`))
      : [required('spec.rules')]),
  ];
};

const hostCauses = (hosts: readonly string[] | undefined): Cause[] => {
  if (!hosts) return [required('spec.hosts')];
  if (hosts.length !== 1) return [invalidValue('spec.hosts', hosts, 'spec.hosts in body should have exactly 1 item')];
  if (HOST.test(hosts[0]!) && hosts[0]!.length <= 255) return [];
  return [
    invalidValue('spec.hosts[0]', hosts[0], 'Host must be a lowercase RFC 1123 label or a fully qualified domain name'),
  ];
};

const serviceCauses = (service: ServiceReference | undefined, at: string): Cause[] => {
  if (!service) return [];
  const { name, port } = service;
  return [
    ...(name ? [] : [required(`${at}.name`)]),
    ...(port === undefined ? [required(`${at}.port`)] : []),
    ...(port !== undefined && (port < 1 || port > 65_535)
      ? [invalidValue(`${at}.port`, port, `${at}.port in body should be between 1 and 65535`)]
      : []),
  ];
};

const timeoutCauses = (timeout: number | undefined, at: string): Cause[] =>
  timeout === undefined || (timeout >= 1 && timeout <= 3900)
    ? []
    : [invalidValue(at, timeout, `${at} in body should be between 1 and 3900`)];

const ruleCauses = (rule: RuleSpec, at: string): Cause[] => {
  const { path, methods, noAuth, jwt, extAuth } = rule;
  const strategies = [noAuth, jwt, extAuth].filter((each) => each !== undefined).length;
  return [
    ...(path === undefined ? [required(`${at}.path`)] : []),
    ...(path !== undefined && !PATH.test(path)
      ? [invalidValue(`${at}.path`, path, 'Path must begin with / and have no regular expression')]
      : []),
    ...(methods?.length ? [] : [required(`${at}.methods`)]),
    ...(methods ?? [])
      .filter((method) => !METHODS.includes(method))
      .map((method) => unsupported(`${at}.methods`, method, METHODS)),
    ...(strategies === 1
      ? []
      : [invalidValue(at, rule, 'One of the following fields must be set: noAuth, jwt, extAuth')]),
    ...(noAuth === false ? [invalidValue(`${at}.noAuth`, noAuth, 'noAuth must be true')] : []),
    ...(jwt?.authentications ?? []).flatMap(({ issuer, jwksUri }, index) => [
      ...(issuer === undefined ? [required(`${at}.jwt.authentications[${index}].issuer`)] : []),
      ...(jwksUri === undefined ? [required(`${at}.jwt.authentications[${index}].jwksUri`)] : []),
    ]),
    ...serviceCauses(rule.service, `${at}.service`),
    ...timeoutCauses(rule.timeout, `${at}.timeout`),
  ];
};
