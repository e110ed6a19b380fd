import type { IncomingMessage, ServerResponse } from 'node:http';
import { readLimited } from '#local/http/limited-body.ts';
import { unsupported } from '../schema/causes.ts';
import { accessReview, REVIEWS_PATH } from './access-review.ts';
import { discovery } from './discovery.ts';
import { type ObjectStore, timestamp } from './object-store.ts';
import type { Admission } from './policies.ts';
import { type ApiRequest, parseRequest } from './request.ts';
import { apiVersionOf } from './resources.ts';
import { fieldSelector, labelSelector, type Test } from './selectors.ts';
import {
  badRequest,
  changedSince,
  invalid,
  notFound,
  notImplemented,
  requestTooLarge,
  StatusError,
  statusBody,
  written,
} from './status-error.ts';
import type { StoredObject } from './stored-object.ts';
import { assertAllowed, type Users, userOf } from './users.ts';
import { streamChanges } from './watch.ts';
import { writes } from './writes.ts';

export interface ApiServerOptions {
  readonly store: ObjectStore;
  readonly users: Users;
  readonly admission: Admission;
  readonly now: () => Date;
  /** The lines that a pod's container has written. Throws StatusError 400 when it has not started. */
  readonly logOf: (pod: StoredObject, container: string | undefined, previous: boolean, since?: Date) => string[];
}

/** Answers Kubernetes' REST API. */
export const apiServer = (options: ApiServerOptions) => {
  const { store, users, admission, now, logOf } = options;
  const write = writes(store, now, admission);

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'https://api');
    if (['/readyz', '/livez', '/healthz'].includes(url.pathname)) return void response.end('ok');
    const user = userOf(users, request.headers.authorization);
    const known = request.method === 'GET' ? discovery(url.pathname) : undefined;
    if (known) return sendJson(response, 200, known);
    if (request.method === 'POST' && url.pathname === REVIEWS_PATH) {
      return sendJson(response, 201, accessReview(user, await bodyOf(request)));
    }
    const parsed = parseRequest(request, url);
    assertAllowed(user, parsed);
    if (isCreation(parsed)) assertAllowed(user, { ...parsed, verb: 'create' });
    assertServed(parsed);
    if (parsed.verb === 'watch') return streamChanges(store, parsed, testOf(parsed), response);
    if (parsed.subresource === 'log') return sendLog(parsed, response);
    const { code, object } = ANSWERS[parsed.verb](parsed, await bodyOf(request));
    sendJson(response, code, object);
  };

  /** An apply of what isn't there takes the right to create, too. */
  const isCreation = ({ verb, contentType, resource, namespace, name }: ApiRequest): boolean =>
    verb === 'patch' && contentType === APPLY && !store.get(resource.kind, namespace, name!);

  const find = ({ resource, namespace, name }: ApiRequest): StoredObject => {
    const found = store.get(resource.kind, namespace, name!);
    if (!found) throw notFound(resource, name!);
    return found;
  };

  const ANSWERS: Readonly<Record<Exclude<ApiRequest['verb'], 'watch'>, (request: ApiRequest, body: string) => Answer>> =
    {
      get: (request) => ({ code: 200, object: find(request) }),
      list: (request) => ({ code: 200, object: listPage(store, request) }),
      create: write.create,
      update: write.replace,
      patch: write.patch,
      delete: (request, body) => ({ code: 200, object: markDeleted(find(request), request, body) }),
    };

  /** The controllers do the rest: end processes, delete what is owned, empty a namespace. */
  const markDeleted = (object: StoredObject, { resource, query }: ApiRequest, body: string): unknown => {
    const policy = query.get('propagationPolicy') ?? 'Background';
    if (!PROPAGATION_POLICIES.includes(policy)) {
      throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [
        unsupported('propagationPolicy', policy, [...PROPAGATION_POLICIES, 'nil']),
      ]);
    }
    const { preconditions } = (body ? JSON.parse(body) : {}) as {
      preconditions?: { uid?: string; resourceVersion?: string };
    };
    const { uid, resourceVersion, name, deletionTimestamp } = object.metadata;
    const isOther = preconditions?.uid !== undefined && preconditions.uid !== uid;
    if (isOther || (preconditions?.resourceVersion ?? resourceVersion) !== resourceVersion)
      throw changedSince(resource, name);
    if (query.get('dryRun') === 'All') return object;
    if (!ENDS_SLOWLY.has(resource.kind)) {
      store.delete(object);
      if (ANSWERED_WITH_ITSELF.has(resource.kind)) return object;
      const details = written({ name, group: resource.group, kind: resource.plural, uid });
      return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
    }
    if (deletionTimestamp) return object;
    return store.put({
      ...object,
      metadata: { ...object.metadata, deletionTimestamp: timestamp(now()) },
      ...(resource.kind === 'Namespace' && { status: { phase: 'Terminating' } }),
    });
  };

  const sendLog = (request: ApiRequest, response: ServerResponse): void => {
    const { query } = request;
    if (['true', '1'].includes(query.get('follow') ?? '')) throw notImplemented('followed logs');
    const seconds = query.get('sinceSeconds');
    const since = seconds === null ? undefined : new Date(now().getTime() - Number(seconds) * 1000);
    const lines = logOf(find(request), query.get('container') ?? undefined, query.get('previous') === 'true', since);
    const tail = query.has('tailLines')
      ? lines.slice(lines.length - Math.min(lines.length, Number(query.get('tailLines'))))
      : lines;
    response.writeHead(200, { 'content-type': 'text/plain' }).end(tail.map((line) => `${line}\n`).join(''));
  };

  return (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch((error: unknown) => {
      const status =
        error instanceof StatusError ? error : new StatusError(500, 'InternalError', String((error as Error).stack));
      if (response.headersSent) response.destroy();
      else sendJson(response, status.code, statusBody(status));
    });
  };
};

/** The limit of kube-apiserver, `MaxRequestBodyBytes`. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const body = await readLimited(request, MAX_BODY_BYTES);
  if (!body) throw requestTooLarge(MAX_BODY_BYTES);
  return body.toString('utf8');
};

interface Answer {
  readonly code: number;
  readonly object: unknown;
}

const APPLY = 'application/apply-patch+yaml';

const PROPAGATION_POLICIES = ['Foreground', 'Background', 'Orphan'];

/** Kinds whose deletion is answered with the object, as it was, and not with a Status. */
const ANSWERED_WITH_ITSELF = new Set(['Service', 'ServiceAccount']);

/** What a controller takes apart before it goes. */
const ENDS_SLOWLY = new Set(['Namespace', 'Pod']);

const assertServed = ({ verb, resource, subresource }: ApiRequest): void => {
  const isWrite = !['get', 'list', 'watch', 'delete'].includes(verb);
  if (resource.readOnly && isWrite) {
    throw notImplemented(`writes of ${resource.plural}; the cluster makes them itself`);
  }
  const subresources = [...(resource.hasStatus ? ['status'] : []), ...(resource.plural === 'pods' ? ['log'] : [])];
  if (subresource && !subresources.includes(subresource)) {
    throw new StatusError(
      404,
      'NotFound',
      `the server could not find the requested resource (${resource.plural}/${subresource})`,
    );
  }
};

const testOf = ({ query }: ApiRequest): Test => {
  const byLabels = labelSelector(query.get('labelSelector') ?? '');
  const byFields = fieldSelector(query.get('fieldSelector') ?? '');
  return (object) => byLabels(object) && byFields(object);
};

/** `continue` is the number of objects that earlier pages had. */
const listPage = (store: ObjectStore, request: ApiRequest): unknown => {
  const { resource, namespace, query } = request;
  const found = store.list(resource.kind, namespace).filter(testOf(request));
  const from = Number(query.get('continue') ?? 0);
  if (!Number.isInteger(from)) throw badRequest('invalid continue token: it is none of this server');
  const to = query.has('limit') && Number(query.get('limit')) > 0 ? from + Number(query.get('limit')) : found.length;
  const left = found.length - to;
  return {
    kind: `${resource.kind}List`,
    apiVersion: apiVersionOf(resource),
    metadata: {
      resourceVersion: String(store.version()),
      ...(left > 0 && { continue: String(to), remainingItemCount: left }),
    },
    items: found.slice(from, to),
  };
};

const sendJson = (response: ServerResponse, code: number, body: unknown): void => {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};
