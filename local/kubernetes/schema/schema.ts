/** What a field may hold, and how server-side apply merges it. */
export type Schema =
  | { readonly type: 'object'; readonly fields: () => ReadonlyMap<string, Schema>; readonly atomic?: boolean }
  | { readonly type: 'map'; readonly values: Schema; readonly atomic?: boolean }
  | { readonly type: 'list'; readonly items: Schema; readonly keys?: readonly ListKey[]; readonly set?: boolean }
  | { readonly type: 'string' | 'number' | 'boolean' | 'scalar' | 'any' };

/** A field that tells an item of a list from the others, with what it is when it is left out. */
export interface ListKey {
  readonly field: string;
  readonly byDefault?: string | number;
}

/** A schema written by hand, of fields that each have one. */
export const object = (fields: Readonly<Record<string, Schema>>): Schema => {
  const map = new Map(Object.entries(fields));
  return { type: 'object', fields: () => map };
};

export const list = (items: Schema): Schema => ({ type: 'list', items });
export const map = (values: Schema): Schema => ({ type: 'map', values });
export const STRING: Schema = { type: 'string' };
export const NUMBER: Schema = { type: 'number' };
export const BOOLEAN: Schema = { type: 'boolean' };
export const ANY: Schema = { type: 'any' };

export interface SchemaError {
  /** `.spec.template.spec.containers[0].image`. */
  readonly path: string;
  readonly message: string;
  readonly isUnknownField: boolean;
}

/** Every field that the schema doesn't have, and every value of another type than it says. */
export const schemaErrors = (value: unknown, schema: Schema, path = ''): SchemaError[] => {
  if (value === null || value === undefined) return [];
  if (schema.type === 'object') {
    if (!isRecord(value)) return [wrongType(path, 'map', value)];
    const fields = schema.fields();
    return Object.entries(value).flatMap(([name, each]) => {
      const field = fields.get(name);
      if (!field) return [{ path: `${path}.${name}`, message: 'field not declared in schema', isUnknownField: true }];
      return schemaErrors(each, field, `${path}.${name}`);
    });
  }
  if (schema.type === 'map') {
    if (!isRecord(value)) return [wrongType(path, 'map', value)];
    return Object.entries(value).flatMap(([name, each]) => schemaErrors(each, schema.values, `${path}.${name}`));
  }
  if (schema.type === 'list') {
    if (!Array.isArray(value)) return [wrongType(path, 'list', value)];
    return value.flatMap((each, index) => schemaErrors(each, schema.items, `${path}[${index}]`));
  }
  return fits(value, schema.type) ? [] : [wrongType(path, EXPECTED[schema.type]!, value)];
};

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'numeric (int or float)',
  boolean: 'bool',
  scalar: 'scalar',
};

const fits = (value: unknown, type: string): boolean =>
  type === 'any' ||
  (type === 'scalar' ? typeof value === 'string' || typeof value === 'number' : typeof value === type);

const wrongType = (path: string, expected: string, value: unknown): SchemaError => ({
  path,
  message: `expected ${expected}, got ${Array.isArray(value) ? 'list' : value !== null && typeof value === 'object' ? 'map' : typeof value}`,
  isUnknownField: false,
});
