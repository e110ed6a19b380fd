import { isDeepStrictEqual } from 'node:util';
import { isRecord, type Schema } from '../schema/schema.ts';
import {
  type FieldSet,
  fieldsOf,
  fieldText,
  fromFieldsV1,
  itemSegment,
  memberSchema,
  membersOf,
  segmentsOf,
  toFieldsV1,
  waysTo,
} from './fields.ts';
import { StatusError } from './status-error.ts';
import type { ManagedFields, StoredObject } from './stored-object.ts';

export interface Writer {
  readonly manager: string;
  readonly apiVersion: string;
  readonly now: string;
}

type Body = Readonly<Record<string, unknown>>;

/**
 * Merges what a manager applies into the object that there is, or into none.
 *
 * @throws StatusError 409 with FieldManagerConflict causes when other managers own fields that would change, unless forced.
 */
export const applyObject = (
  live: StoredObject | undefined,
  applied: Body,
  schema: Schema,
  { manager, apiVersion, now }: Writer,
  force: boolean,
): Record<string, unknown> => {
  const entries = live?.metadata.managedFields ?? [];
  const isOwn = (entry: ManagedFields) => entry.manager === manager && entry.operation === 'Apply';
  const wanted = fieldsOf(applied, schema);
  const conflicts = entries
    .filter((entry) => !isOwn(entry))
    .flatMap((entry) => conflictsWith(entry, wanted, live, applied, schema));
  if (conflicts.length > 0 && !force) throw conflictError(conflicts);
  const lost = new Set(conflicts.map(({ field }) => field));
  const others = entries.filter((entry) => !isOwn(entry)).flatMap((entry) => without(entry, lost));
  const own = entries.find(isOwn);
  const kept = new Set(others.flatMap((entry) => [...fromFieldsV1(entry.fieldsV1)]));
  const isKept = (field: string) => [...kept].some((each) => each === field || each.startsWith(`${field}\u0000`));
  const abandoned = own ? [...fromFieldsV1(own.fieldsV1)].filter((field) => !wanted.has(field) && !isKept(field)) : [];
  const merged = merge(structuredClone(live ?? {}), applied, schema) as Record<string, unknown>;
  removeFields(merged, abandoned, schema);
  const fieldsV1 = toFieldsV1(wanted);
  const isSame = own && isDeepStrictEqual(own.fieldsV1, fieldsV1) && own.apiVersion === apiVersion;
  const entry: ManagedFields = isSame
    ? own
    : { manager, operation: 'Apply', apiVersion, time: now, fieldsType: 'FieldsV1', fieldsV1 };
  merged.metadata = { ...(merged.metadata as object), managedFields: [...others, entry] };
  return merged;
};

/** Who owns what after a write that is no apply: the writer owns what changed. */
export const ownChanges = (
  before: StoredObject | undefined,
  after: Body,
  schema: Schema,
  { manager, apiVersion, now }: Writer,
): ManagedFields[] => {
  const fields = fieldsOf(after, schema);
  const changed = new Set([...fields].filter((field) => !before || !sameAt(before, after, field, schema)));
  const entries = before?.metadata.managedFields ?? [];
  const isOwn = (entry: ManagedFields) => entry.manager === manager && entry.operation === 'Update';
  const gone = new Set(
    entries
      .flatMap((entry) => [...fromFieldsV1(entry.fieldsV1)])
      .filter((field) => !fields.has(field) || changed.has(field)),
  );
  const others = entries.filter((entry) => !isOwn(entry)).flatMap((entry) => without(entry, gone));
  const own = entries.find(isOwn);
  const owned = new Set([...(own ? fromFieldsV1(own.fieldsV1) : []), ...changed].filter((field) => fields.has(field)));
  if (owned.size === 0) return others;
  if (changed.size === 0 && own) return entries;
  return [
    ...others,
    { manager, operation: 'Update', apiVersion, time: now, fieldsType: 'FieldsV1', fieldsV1: toFieldsV1(owned) },
  ];
};

interface Conflict {
  readonly field: string;
  /** As the API server names it; of those that don't apply with the version and the time of the write. */
  readonly owner: string;
}

const conflictsWith = (
  { manager, apiVersion, operation, time, fieldsV1 }: ManagedFields,
  wanted: FieldSet,
  live: StoredObject | undefined,
  applied: Body,
  schema: Schema,
): Conflict[] =>
  [...fromFieldsV1(fieldsV1)]
    .sort()
    .filter((field) => wanted.has(field) && !segmentsOf(field).at(-1)!.startsWith('k:'))
    .filter((field) => !sameAt(live ?? {}, applied, field, schema))
    .map((field) => ({
      field,
      owner: `"${manager}"${operation === 'Update' ? ` using ${apiVersion} at ${time}` : ''}`,
    }));

const conflictError = (conflicts: readonly Conflict[]): StatusError => {
  const sentence = ({ owner }: Conflict): string => `conflict with ${owner}`;
  const count = conflicts.length === 1 ? '1 conflict' : `${conflicts.length} conflicts`;
  const byOwner = Object.entries(Object.groupBy(conflicts, ({ owner }) => owner)).map(
    ([owner, own]) => `conflicts with ${owner}:\n${own!.map(({ field }) => `- ${fieldText(field)}`).join('\n')}`,
  );
  const text =
    conflicts.length === 1 ? `${sentence(conflicts[0]!)}: ${fieldText(conflicts[0]!.field)}` : byOwner.join('\n');
  return new StatusError(409, 'Conflict', `Apply failed with ${count}: ${text}`, {
    causes: conflicts.map((conflict) => ({
      reason: 'FieldManagerConflict',
      message: sentence(conflict),
      field: fieldText(conflict.field),
    })),
  });
};

const without = (entry: ManagedFields, fields: ReadonlySet<string>): ManagedFields[] => {
  const left = new Set([...fromFieldsV1(entry.fieldsV1)].filter((field) => !fields.has(field)));
  return left.size > 0 ? [{ ...entry, fieldsV1: toFieldsV1(left) }] : [];
};

const sameAt = (a: Body, b: Body, field: string, schema: Schema): boolean =>
  isDeepStrictEqual(valueAt(a, field, schema), valueAt(b, field, schema));

const valueAt = (root: unknown, field: string, schema: Schema): unknown => {
  let value = root;
  let current = schema;
  for (const segment of segmentsOf(field)) {
    const member = membersOf(value, current)?.find((each) => each.segment === segment);
    if (!member) return undefined;
    value = member.value;
    current = member.schema;
  }
  return value;
};

const merge = (live: unknown, applied: unknown, schema: Schema): unknown => {
  if (schema.type === 'list' && Array.isArray(live) && Array.isArray(applied)) {
    const { keys, set, items } = schema;
    if (set) return [...new Set([...live, ...applied])];
    if (!keys) return applied;
    const merged = [...live];
    for (const item of applied) {
      const index = merged.findIndex((each) => itemSegment(each, keys) === itemSegment(item, keys));
      if (index < 0) merged.push(item);
      else merged[index] = merge(merged[index], item, items);
    }
    return merged;
  }
  const isMergeable = (schema.type === 'object' || schema.type === 'map') && !schema.atomic;
  if (!isMergeable || !isRecord(live) || !isRecord(applied)) return structuredClone(applied);
  const merged: Record<string, unknown> = { ...live };
  for (const [name, value] of Object.entries(applied))
    merged[name] = merge(live[name], value, memberSchema(schema, name));
  return merged;
};

/** A list's item goes as a whole, with what the API server has filled in; what stays of one keeps the keys that it is found by. */
const removeFields = (root: Record<string, unknown>, fields: readonly string[], schema: Schema): void => {
  const gone = new Set(fields.filter(isItem));
  const isLeft = (field: string): boolean => {
    const above = waysTo(field);
    return above.some((each) => gone.has(each)) || isKeyOf(above.at(-1), field);
  };
  for (const field of fields) if (!isLeft(field)) removeAt(root, segmentsOf(field), schema);
};

const isItem = (field: string): boolean => segmentsOf(field).at(-1)!.startsWith('k:');

/** Whether a field is one of those that tell an item from the others. */
const isKeyOf = (item: string | undefined, field: string): boolean => {
  if (item === undefined || !isItem(item)) return false;
  const keys = JSON.parse(segmentsOf(item).at(-1)!.slice(2)) as object;
  return Object.hasOwn(keys, segmentsOf(field).at(-1)!.slice(2));
};

const removeAt = (parent: unknown, [segment, ...rest]: readonly string[], schema: Schema): void => {
  const members = membersOf(parent, schema);
  const index = members?.findIndex((each) => each.segment === segment) ?? -1;
  if (!members || index < 0) return;
  const member = members[index]!;
  if (rest.length > 0) {
    removeAt(member.value, rest, member.schema);
    // What is left empty goes as well: the API server doesn't write it.
    if (Object.keys(member.value as object).length > 0) return;
  }
  if (Array.isArray(parent)) parent.splice(index, 1);
  else delete (parent as Record<string, unknown>)[segment!.slice(2)];
};
