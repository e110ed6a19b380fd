import type { IncomingMessage } from 'node:http';
import { RESOURCES, type Resource } from './resources.ts';
import { badRequest, notImplemented, StatusError } from './status-error.ts';

/** What a request of the API is about. */
export interface ApiRequest {
  readonly verb: Verb;
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  readonly query: URLSearchParams;
  readonly contentType: string;
  /** Who writes, in `managedFields`. */
  readonly manager: string;
}

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

const PATH = /^(?:\/api\/v1|\/apis\/([^/]+)\/([^/]+))(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+)(?:\/([^/]+))?)?$/;
const NAMESPACES_PATH = /^\/api\/v1\/namespaces(?:\/([^/]+)(?:\/(status|finalize))?)?$/;

/** @throws StatusError 404 for a path that leads to no resource, 405 for a verb that it doesn't have. */
export const parseRequest = (request: IncomingMessage, url: URL): ApiRequest => {
  const target = parsePath(decodeURIComponent(url.pathname));
  const verb = verbOf(request.method ?? 'GET', target.name, url.searchParams);
  const contentType = (request.headers['content-type'] ?? '').split(';')[0]!.trim();
  const agent = (request.headers['user-agent'] ?? 'unknown').split('/')[0]!;
  return {
    ...target,
    verb,
    query: url.searchParams,
    contentType,
    manager: url.searchParams.get('fieldManager') || agent,
  };
};

const parsePath = (path: string) => {
  const inNamespaces = NAMESPACES_PATH.exec(path);
  if (inNamespaces) {
    const resource = find('', 'v1', 'namespaces')!;
    return { resource, namespace: undefined, name: inNamespaces[1], subresource: inNamespaces[2] };
  }
  const [, group = '', version = 'v1', namespace, plural = '', name, subresource] = PATH.exec(path) ?? [];
  const resource = find(group, version, plural);
  if (!resource || (!namespace && name && resource.namespaced)) {
    throw new StatusError(404, 'NotFound', hint(group, version, plural));
  }
  return { resource, namespace, name, subresource };
};

const find = (group: string, version: string, plural: string): Resource | undefined =>
  RESOURCES.find((each) => each.group === group && each.version === version && each.plural === plural);

const hint = (group: string, version: string, plural: string): string => {
  const other = RESOURCES.find((each) => each.group === group && each.plural === plural);
  return other
    ? `the server could not find the requested resource (${plural}.${group} is served as ${other.version}, not ${version})`
    : 'the server could not find the requested resource';
};

const VERBS: Readonly<Record<string, Verb>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

const verbOf = (method: string, name: string | undefined, query: URLSearchParams): Verb => {
  if (method === 'GET') {
    if (['true', '1'].includes(query.get('watch') ?? '')) return 'watch';
    return name ? 'get' : 'list';
  }
  const verb = VERBS[method];
  if (!verb) throw new StatusError(405, 'MethodNotAllowed', `the server does not allow the method ${method}`);
  if (verb === 'delete' && !name) throw notImplemented('deletes of whole collections');
  if (verb !== 'create' && !name) throw badRequest('the name of the object is missing');
  return verb;
};
