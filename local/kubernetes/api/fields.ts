import { isRecord, type ListKey, type Schema } from '../schema/schema.ts';

/**
 * A set of fields of an object, as server-side apply keeps one for each manager. A field is the way to it, in the segments
 * of FieldsV1: `f:<name>` for a member, `k:{…}` for the item of a list with those keys, `v:…` for the item of a set.
 */
export type FieldSet = ReadonlySet<string>;

const SEPARATOR = '\u0000';

export const segmentsOf = (field: string): string[] => field.split(SEPARATOR);

/** The ways to what holds a field, from the root down. */
export const waysTo = (field: string): string[] => {
  const segments = segmentsOf(field);
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join(SEPARATOR));
};

/** Not owned by anybody: what names an object, and what the API itself writes. */
const UNOWNED = new Set(
  [
    ['f:apiVersion'],
    ['f:kind'],
    ...[
      'name',
      'namespace',
      'uid',
      'resourceVersion',
      'generation',
      'creationTimestamp',
      'deletionTimestamp',
      'managedFields',
    ].map((name) => ['f:metadata', `f:${name}`]),
  ].map((path) => path.join(SEPARATOR)),
);

/** The fields that an object sets. */
export const fieldsOf = (value: unknown, schema: Schema): FieldSet => {
  const found = new Set<string>();
  collect(value, schema, [], found);
  return found;
};

const collect = (value: unknown, schema: Schema, path: readonly string[], found: Set<string>): void => {
  const field = path.join(SEPARATOR);
  if (value === undefined || UNOWNED.has(field)) return;
  const members = membersOf(value, schema);
  if (members) {
    if (members.length === 0 && path.length > 0) found.add(field);
    if (path.at(-1)?.startsWith('k:')) found.add(field);
    for (const { segment, value: member, schema: each } of members) collect(member, each, [...path, segment], found);
  } else {
    found.add(field);
  }
};

interface Member {
  readonly segment: string;
  readonly value: unknown;
  readonly schema: Schema;
}

/** What an object, map, keyed list or set consists of; undefined for what is owned as a whole. */
export const membersOf = (value: unknown, schema: Schema): Member[] | undefined => {
  if ((schema.type === 'object' || schema.type === 'map') && !schema.atomic && isRecord(value)) {
    return Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => ({ segment: `f:${name}`, value: member, schema: memberSchema(schema, name) }));
  }
  if (schema.type !== 'list' || !Array.isArray(value)) return undefined;
  const { keys, set, items } = schema;
  if (keys) return value.map((item) => ({ segment: itemSegment(item, keys), value: item, schema: items }));
  return set ? value.map((item) => ({ segment: `v:${JSON.stringify(item)}`, value: item, schema: items })) : undefined;
};

export const memberSchema = (schema: Schema, name: string): Schema => {
  if (schema.type === 'map') return schema.values;
  return (schema.type === 'object' && schema.fields().get(name)) || { type: 'any' };
};

export const itemSegment = (item: unknown, keys: readonly ListKey[]): string => {
  const record = isRecord(item) ? item : {};
  return `k:${JSON.stringify(Object.fromEntries(keys.map(({ field, byDefault }) => [field, record[field] ?? byDefault])))}`;
};

/** `.spec.template.spec.containers[name="model"].image`, as conflicts name a field. */
export const fieldText = (field: string): string =>
  segmentsOf(field)
    .map((segment) => {
      const rest = segment.slice(2);
      if (segment.startsWith('f:')) return `.${rest}`;
      if (segment.startsWith('v:')) return `[=${rest}]`;
      const keys = Object.entries(JSON.parse(rest) as Record<string, unknown>);
      return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
    })
    .join('');

/** FieldsV1, as `managedFields` carries it. */
export const toFieldsV1 = (fields: FieldSet): Record<string, unknown> => {
  const root: Record<string, unknown> = {};
  // Backwards, so that an item comes after its members: only then has it to be told that it belongs to the set itself.
  for (const field of [...fields].sort().reverse()) {
    let node = root;
    for (const segment of segmentsOf(field)) {
      node[segment] ??= {};
      node = node[segment] as Record<string, unknown>;
    }
    if (Object.keys(node).length > 0) node['.'] = {};
  }
  return root;
};

export const fromFieldsV1 = (root: Readonly<Record<string, unknown>>): FieldSet => {
  const fields = new Set<string>();
  const walk = (node: Readonly<Record<string, unknown>>, path: readonly string[]): void => {
    const names = Object.keys(node);
    if (path.length > 0 && (names.length === 0 || names.includes('.'))) fields.add(path.join(SEPARATOR));
    for (const name of names) if (name !== '.') walk(node[name] as Record<string, unknown>, [...path, name]);
  };
  walk(root, []);
  return fields;
};
