import { schemaOfKind } from '../schema/kinds.ts';
import { objectCauses } from '../schema/rules.ts';
import { schemaErrors } from '../schema/schema.ts';
import type { ObjectStore } from './object-store.ts';
import { apiVersionOf, type Resource } from './resources.ts';
import { badRequest, invalid, notFound, StatusError } from './status-error.ts';
import type { StoredObject } from './stored-object.ts';

/**
 * Holds a body against the schema of its kind.
 *
 * @param isApply an apply with a field that isn't in the schema fails inside the merge, which the API server answers with
 * 500; other writes are refused with 400.
 */
export const assertSchema = (body: object, resource: Resource, isApply: boolean): void => {
  const errors = schemaErrors(body, schemaOfKind(resource.kind));
  if (errors.length === 0) return;
  const wrongQuantity = errors.every(({ kind }) => kind === 'quantity') && errors[0];
  const { metadata: { name = '', namespace = '' } = {} } = body as { metadata?: { name?: string; namespace?: string } };
  const kind = `${apiVersionOf(resource)}, Kind=${resource.kind}`;
  if (wrongQuantity && isApply) {
    throw new StatusError(
      500,
      '',
      `failed to convert new object (${namespace}/${name}; ${kind}) to proper version: unable to convert unstructured object to ${kind}: ${wrongQuantity.message}`,
    );
  }
  if (wrongQuantity) {
    throw badRequest(
      `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: ${wrongQuantity.message}`,
    );
  }
  if (isApply) {
    const texts = errors.map(({ path, message }) => `${path}: ${message}`);
    const text = texts.length === 1 ? texts[0] : `errors:\n${texts.map((each) => `  ${each}`).join('\n')}`;
    throw new StatusError(500, '', `failed to create typed patch object (${namespace}/${name}; ${kind}): ${text}`);
  }
  const texts = errors.map(({ path, message, kind: what }) =>
    what === 'unknownField' ? `unknown field "${path.slice(1)}"` : `${path.slice(1)}: ${message}`,
  );
  throw badRequest(
    `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: strict decoding error: ${texts.join(', ')}`,
  );
};

/** Defaults, rules and the namespace of an object that is to be stored. */
export const admit = (
  object: StoredObject,
  before: StoredObject | undefined,
  resource: Resource,
  store: ObjectStore,
): void => {
  const { name, namespace } = object.metadata;
  if (resource.namespaced && !before) assertNamespace(store, resource, namespace!, name);
  const causes = objectCauses(object, before);
  if (causes.length > 0) throw invalid(resource, name, causes);
};

const NAMESPACES = { group: '', plural: 'namespaces', kind: 'Namespace' };

const assertNamespace = (store: ObjectStore, resource: Resource, namespace: string, name: string): void => {
  const found = store.get('Namespace', undefined, namespace);
  if (!found) throw notFound(NAMESPACES, namespace);
  if (!found.metadata.deletionTimestamp) return;
  throw new StatusError(
    403,
    'Forbidden',
    `${resource.plural} "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
    {
      name,
      group: resource.group,
      kind: resource.plural,
      causes: [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    },
  );
};
