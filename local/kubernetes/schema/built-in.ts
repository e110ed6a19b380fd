import * as models from '@kubernetes/client-node';
import { ANY, type ListKey, type Schema } from './schema.ts';

/** The schema of one of Kubernetes' own types, by its name in the client's generated models, such as V1Deployment. */
export const builtInSchema = (model: string): Schema => {
  const known = schemas.get(model);
  if (known) return known;
  const schema: Schema = {
    type: 'object',
    fields: () => fieldsOf(model),
    ...(ATOMIC.has(model) && { atomic: true }),
  };
  schemas.set(model, schema);
  return schema;
};

const schemas = new Map<string, Schema>();
const fields = new Map<string, ReadonlyMap<string, Schema>>();

interface Model {
  getAttributeTypeMap(): { readonly baseName: string; readonly type: string }[];
}

const fieldsOf = (model: string): ReadonlyMap<string, Schema> => {
  const known = fields.get(model);
  if (known) return known;
  const attributes = (models as unknown as Readonly<Record<string, Model>>)[model]!.getAttributeTypeMap();
  const made = new Map(attributes.map(({ baseName, type }) => [baseName, fieldSchema(`${model}.${baseName}`, type)]));
  fields.set(model, made);
  return made;
};

/** The types that are spelled out in the models; `IntOrString` and quantities may be text or a number. */
const SCALARS: Readonly<Record<string, Schema>> = {
  string: { type: 'string' },
  number: { type: 'number' },
  boolean: { type: 'boolean' },
  Date: { type: 'string' },
  V1MicroTime: { type: 'string' },
  IntOrString: { type: 'scalar' },
  any: ANY,
  object: ANY,
};

const fieldSchema = (path: string, type: string): Schema => {
  if (QUANTITIES.has(path)) return { type: 'map', values: { type: 'quantity' } };
  const item = /^(?:Array|Set)<(.+)>$/.exec(type)?.[1];
  if (item) {
    const keys = LIST_KEYS[path];
    return { type: 'list', items: typeSchema(item), ...(keys && { keys }), ...(SETS.has(path) && { set: true }) };
  }
  const value = /^\{ \[key: string\]: (.+); \}$/.exec(type)?.[1];
  if (value) return { type: 'map', values: typeSchema(value), ...(ATOMIC.has(path) && { atomic: true }) };
  return typeSchema(type);
};

const typeSchema = (type: string): Schema =>
  Object.hasOwn(SCALARS, type) ? SCALARS[type]! : type in models ? builtInSchema(type) : ANY;

const QUANTITIES = new Set([
  'V1ResourceRequirements.limits',
  'V1ResourceRequirements.requests',
  'V1ResourceQuotaSpec.hard',
  'V1ResourceQuotaStatus.hard',
  'V1ResourceQuotaStatus.used',
]);

/** What the API's OpenAPI says as `x-kubernetes-map-type: atomic`, as far as our kinds need it. */
const ATOMIC = new Set([
  'V1LabelSelector',
  'V1ObjectFieldSelector',
  'V1SecretKeySelector',
  'V1ConfigMapKeySelector',
  'V1LocalObjectReference',
  'V1ServiceSpec.selector',
  'V1PodSpec.nodeSelector',
]);

/** `x-kubernetes-list-type: set`. */
const SETS = new Set(['V1ObjectMeta.finalizers']);

const byName: readonly ListKey[] = [{ field: 'name' }];

/** `x-kubernetes-list-map-keys`; every other list is merged as a whole. */
const LIST_KEYS: Readonly<Record<string, readonly ListKey[]>> = {
  'V1ObjectMeta.ownerReferences': [{ field: 'uid' }],
  'V1PodSpec.containers': byName,
  'V1PodSpec.initContainers': byName,
  'V1PodSpec.volumes': byName,
  'V1PodSpec.imagePullSecrets': byName,
  'V1PodSpec.topologySpreadConstraints': [{ field: 'topologyKey' }, { field: 'whenUnsatisfiable' }],
  'V1Container.env': byName,
  'V1Container.ports': [{ field: 'containerPort' }, { field: 'protocol', byDefault: 'TCP' }],
  'V1Container.volumeMounts': [{ field: 'mountPath' }],
  'V1ServiceSpec.ports': [{ field: 'port' }, { field: 'protocol', byDefault: 'TCP' }],
  'V1ServiceAccount.secrets': byName,
  'V1DeploymentStatus.conditions': [{ field: 'type' }],
};
