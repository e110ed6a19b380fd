/** What a field may hold, and how server-side apply merges it. */
export type Schema =
  | { readonly type: 'object'; readonly fields: () => ReadonlyMap<string, Schema>; readonly atomic?: boolean }
  | { readonly type: 'map'; readonly values: Schema; readonly atomic?: boolean }
  | { readonly type: 'list'; readonly items: Schema; readonly keys?: readonly ListKey[]; readonly set?: boolean }
  | { readonly type: 'string' | 'number' | 'boolean' | 'scalar' | 'quantity' | 'any' };

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
  readonly kind: 'unknownField' | 'type' | 'quantity';
}

/** Every field that the schema doesn't have, and every value of another type than it says. */
export const schemaErrors = (value: unknown, schema: Schema, path = ''): SchemaError[] => {
  if (value === null || value === undefined) return [];
  if (schema.type === 'object') {
    if (!isRecord(value)) return [wrongType(path, 'map', value)];
    const fields = schema.fields();
    return Object.entries(value).flatMap(([name, each]) => {
      const field = fields.get(name);
      if (!field) return [{ path: `${path}.${name}`, message: 'field not declared in schema', kind: 'unknownField' }];
      return schemaErrors(each, field, `${path}.${name}`);
    });
  }
  if (schema.type === 'map') {
    if (!isRecord(value)) return [wrongType(path, 'map', value)];
    return Object.entries(value).flatMap(([name, each]) => schemaErrors(each, schema.values, `${path}.${name}`));
  }
  if (schema.type === 'list') {
    if (!Array.isArray(value)) return [wrongType(path, 'list', value)];
    return [
      ...duplicates(value, schema.keys, path),
      ...value.flatMap((each, index) =>
        schemaErrors(each, schema.items, `${path}${itemText(each, schema.keys, index)}`),
      ),
    ];
  }
  if (schema.type === 'quantity' && fits(value, 'scalar')) {
    return QUANTITY.test(String(value)) ? [] : [{ path, message: QUANTITY_MESSAGE, kind: 'quantity' }];
  }
  return fits(value, schema.type) ? [] : [wrongType(path, EXPECTED[schema.type]!, value)];
};

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** Stricter than what the message names, as the parser is. */
const QUANTITY = /^[+-]?(\d+(\.\d*)?|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/;
const QUANTITY_MESSAGE = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/** An item by its keys, where the list has such: `[name="model"]`. */
const itemText = (item: unknown, keys: readonly ListKey[] | undefined, index: number): string =>
  keys && isRecord(item) ? `[${keyText(item, keys)}]` : `[${index}]`;

const keyText = (item: Readonly<Record<string, unknown>>, keys: readonly ListKey[]): string =>
  keys.map(({ field, byDefault }) => `${field}=${JSON.stringify(item[field] ?? byDefault)}`).join(',');

const duplicates = (items: readonly unknown[], keys: readonly ListKey[] | undefined, path: string): SchemaError[] => {
  if (!keys) return [];
  const texts = items.filter(isRecord).map((item) => keyText(item, keys));
  const repeated = new Set(texts.filter((text, index) => texts.indexOf(text) < index));
  return [...repeated].map((text) => ({
    path,
    message: `duplicate entries for key [${text}]`,
    kind: 'type',
  }));
};

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'numeric (int or float)',
  boolean: 'boolean',
  scalar: 'scalar',
  quantity: 'scalar',
};

const fits = (value: unknown, type: string): boolean =>
  type === 'any' ||
  (type === 'scalar' ? typeof value === 'string' || typeof value === 'number' : typeof value === type);

const wrongType = (path: string, expected: string, value: unknown): SchemaError => ({
  path,
  message: `expected ${expected}, got ${found(expected, value)}`,
  kind: 'type',
});

/** As the API server prints a Go value: numbers' and texts' fields name the type that they got, others the value. */
const found = (expected: string, value: unknown): string => {
  if (Array.isArray(value)) return 'list';
  if (isRecord(value)) return 'map';
  return expected.startsWith('numeric') || expected === 'string' ? typeof value : `&{${value}}`;
};
