import { parse as parseYaml } from 'yaml';
import { required } from '../schema/causes.ts';
import { schemaOfKind } from '../schema/kinds.ts';
import { isRecord } from '../schema/schema.ts';
import { admit, assertSchema } from './admission.ts';
import { setDefaults } from './defaults.ts';
import { type ObjectStore, timestamp, type Unstored } from './object-store.ts';
import type { Admission } from './policies.ts';
import type { ApiRequest } from './request.ts';
import { apiVersionOf } from './resources.ts';
import { applyObject, ownChanges } from './server-side-apply.ts';
import { alreadyExists, badRequest, invalid, notFound, StatusError } from './status-error.ts';
import type { StoredObject } from './stored-object.ts';

interface Answer {
  readonly code: number;
  readonly object: StoredObject;
}

type Body = Record<string, unknown>;

/** Creates, replaces, patches and applies. */
export const writes = (store: ObjectStore, now: () => Date, admission: Admission) => {
  const finish = (request: ApiRequest, object: Body, before: StoredObject | undefined): StoredObject => {
    const { resource, query } = request;
    const next = structuredClone(object) as StoredObject;
    setDefaults(next);
    admit(next, before, resource, store);
    const refusal = request.subresource ? undefined : admission.refusalOf(next);
    if (refusal) throw refusal;
    if (query.get('dryRun') === 'All') return preview(next, before, now());
    return store.put(next as Unstored);
  };

  const writerOf = ({ resource, manager }: ApiRequest) => ({
    manager,
    apiVersion: apiVersionOf(resource),
    now: timestamp(now()),
  });

  /** Takes over what only the cluster may write, and records who changed what. */
  const finishUpdate = (request: ApiRequest, body: Body, before: StoredObject | undefined): StoredObject => {
    const schema = schemaOfKind(request.resource.kind);
    const isStatus = request.subresource === 'status';
    const metadata = { ...(body.metadata as object), ...systemMetadata(before) };
    const next: Body = isStatus
      ? { ...before, status: body.status }
      : { ...body, metadata, ...(before?.status !== undefined ? { status: before.status } : {}) };
    if (!isStatus) {
      if (!before && request.resource.hasStatus) delete next.status;
      const managedFields = ownChanges(before, withoutStatus(next), schema, writerOf(request));
      next.metadata = { ...metadata, managedFields };
    }
    return finish(request, next, before);
  };

  const find = ({ resource, namespace, name }: ApiRequest): StoredObject => {
    const found = store.get(resource.kind, namespace, name!);
    if (!found) throw notFound(resource, name!);
    return found;
  };

  return {
    create(request: ApiRequest, text: string): Answer {
      const { resource } = request;
      const body = parseBody(request, text);
      assertSchema(body, resource, false);
      const { name } = body.metadata as { name: string };
      if (store.get(resource.kind, request.namespace, name)) throw alreadyExists(resource, name);
      return { code: 201, object: finishUpdate(request, body, undefined) };
    },
    replace(request: ApiRequest, text: string): Answer {
      const body = parseBody(request, text);
      assertSchema(body, request.resource, false);
      const before = find(request);
      return { code: 200, object: finishUpdate(request, body, before) };
    },
    patch(request: ApiRequest, text: string): Answer {
      const { contentType } = request;
      if (contentType === 'application/apply-patch+yaml') return apply(request, text);
      if (contentType !== 'application/merge-patch+json') {
        throw new StatusError(
          415,
          'UnsupportedMediaType',
          `the laptop's Kubernetes takes application/apply-patch+yaml and application/merge-patch+json, not "${contentType}"`,
        );
      }
      const before = find(request);
      const { managedFields: _, ...metadata } = before.metadata;
      const merged = mergePatch({ ...before, metadata }, parseText(text)) as Body;
      assertSchema(merged, request.resource, false);
      return { code: 200, object: finishUpdate(request, merged, before) };
    },
  };

  function apply(request: ApiRequest, text: string): Answer {
    const { resource, namespace, name, query, subresource } = request;
    if (subresource) throw new StatusError(405, 'MethodNotAllowed', 'subresources are not applied here');
    if (!query.get('fieldManager'))
      throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
        { ...required('fieldManager'), message: 'Required value: is required for apply patch' },
      ]);
    const body = parseBody(request, text);
    const metadata = body.metadata as Body;
    if (metadata.managedFields !== undefined) throw badRequest('metadata.managedFields must be nil');
    assertSchema(body, resource, true);
    const before = store.get(resource.kind, namespace, name!);
    const { resourceVersion, ...rest } = metadata;
    const applied = { ...body, metadata: rest };
    const merged = applyObject(
      before,
      withoutStatus(applied),
      schemaOfKind(resource.kind),
      writerOf(request),
      query.get('force') === 'true',
    );
    if (resourceVersion) (merged.metadata as Body).resourceVersion = resourceVersion;
    return { code: before ? 200 : 201, object: finish(request, merged, before) };
  }
};

/** A body of the resource's own kind; its name and namespace are the path's. */
const parseBody = ({ resource, namespace, name }: ApiRequest, text: string): Body => {
  const body = parseText(text);
  const { kind, apiVersion } = body;
  if (kind !== resource.kind || apiVersion !== apiVersionOf(resource)) {
    throw badRequest(`invalid object type: ${apiVersion}, Kind=${kind}`);
  }
  const metadata = isRecord(body.metadata) ? body.metadata : {};
  if (name && metadata.name !== undefined && metadata.name !== name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  }
  if (metadata.generateName !== undefined)
    throw badRequest("the laptop's Kubernetes makes no names; give metadata.name");
  if (resource.namespaced && metadata.namespace !== undefined && metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  const { name: given } = { name, ...metadata };
  if (typeof given !== 'string' || !given) throw badRequest('name or generateName is required');
  return { ...body, metadata: { ...metadata, name: given, ...(resource.namespaced && { namespace }) } };
};

const parseText = (text: string): Body => {
  let body: unknown;
  try {
    body = parseYaml(text, { maxAliasCount: 0 });
  } catch (error) {
    throw badRequest(`error decoding the body: ${(error as Error).message.split('\n')[0]}`);
  }
  if (!isRecord(body)) throw badRequest('the body is no object');
  return body;
};

/** RFC 7386. */
const mergePatch = (target: unknown, patch: unknown): unknown => {
  if (!isRecord(patch)) return patch;
  const merged: Body = isRecord(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(merged[name], value);
  }
  return merged;
};

const systemMetadata = (before: StoredObject | undefined): object => {
  if (!before) return {};
  const { uid, creationTimestamp, generation, deletionTimestamp, managedFields } = before.metadata;
  return {
    uid,
    creationTimestamp,
    ...(generation !== undefined && { generation }),
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    ...(managedFields && { managedFields }),
  };
};

const withoutStatus = ({ status: _, ...rest }: Body): Body => rest;

const preview = (object: StoredObject, before: StoredObject | undefined, now: Date): StoredObject => ({
  ...object,
  metadata: {
    ...object.metadata,
    uid: before?.metadata.uid ?? '00000000-0000-0000-0000-000000000000',
    creationTimestamp: before?.metadata.creationTimestamp ?? timestamp(now),
    resourceVersion: before?.metadata.resourceVersion ?? '',
  },
});
