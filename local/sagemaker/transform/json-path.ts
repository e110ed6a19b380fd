/** A path that SageMaker's subset of JSONPath doesn't know, or that finds nothing in a record. */
export class JsonPathError extends Error {
  override readonly name = 'JsonPathError';
}

/** One step of a path: named members, or positions and ranges of an array. */
type Selector =
  | { readonly kind: 'all' }
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'items'; readonly items: readonly (number | Range)[] };

interface Range {
  readonly from?: number;
  readonly to?: number;
}

export type JsonPath = readonly Selector[];

/**
 * Parses `$`, `$.name`, `$.*`, `$['a','b']`, `$[1,3]`, `$[a:b]`, `$[0,5:]` and their combinations.
 *
 * @throws JsonPathError naming the place that isn't understood.
 */
export const parseJsonPath = (source: string): JsonPath => {
  if (!source.startsWith('$')) throw new JsonPathError(`JSONPath "${source}" must begin with $.`);
  const selectors: Selector[] = [];
  let rest = source.slice(1);
  while (rest) {
    const [text, dotted, bracketed] = STEP.exec(rest) ?? [];
    if (text === undefined) throw new JsonPathError(`JSONPath "${source}" is not understood at "${rest}".`);
    selectors.push(dotted === undefined ? bracketSelector(bracketed ?? '', source) : dotSelector(dotted));
    rest = rest.slice(text.length);
  }
  return selectors;
};

/** True when the path can be used on a CSV record, whose fields have positions only. */
export const isPositional = (path: JsonPath): boolean =>
  path.length === 0 || (path.length === 1 && path[0]!.kind !== 'names');

/**
 * What a path finds. A step that names several things gives an array, or an object if it names members.
 *
 * @throws JsonPathError when a named member or a position isn't there.
 */
export const applyJsonPath = (path: JsonPath, value: unknown): unknown => {
  const [selector, ...rest] = path;
  if (!selector) return value;
  const next = (child: unknown) => applyJsonPath(rest, child);
  if (selector.kind === 'all') return childrenOf(value).map(next);
  if (selector.kind === 'names') {
    const members = selector.names.map((name) => [name, next(memberOf(value, name))] as const);
    return members.length === 1 ? members[0]![1] : Object.fromEntries(members);
  }
  if (!Array.isArray(value)) throw new JsonPathError('A position was asked for in something that is no array.');
  const [only] = selector.items;
  if (selector.items.length === 1 && typeof only === 'number') return next(itemOf(value, only));
  return selector.items
    .flatMap((item) => (typeof item === 'number' ? [itemOf(value, item)] : value.slice(item.from, item.to)))
    .map(next);
};

const STEP = /^(?:\.([^.[\]]+)|\[([^\]]*)\])/;

const dotSelector = (name: string): Selector => (name === '*' ? { kind: 'all' } : { kind: 'names', names: [name] });

const bracketSelector = (content: string, source: string): Selector => {
  if (content.trim() === '*') return { kind: 'all' };
  const parts = content.split(',').map((part) => part.trim());
  if (parts.every((part) => /^(['"]).+\1$/.test(part)))
    return { kind: 'names', names: parts.map((part) => part.slice(1, -1)) };
  return { kind: 'items', items: parts.map((part) => parseItem(part, source)) };
};

const parseItem = (part: string, source: string): number | Range => {
  if (/^-?\d+$/.test(part)) return Number(part);
  const range = /^(-?\d+)?\s*:\s*(-?\d+)?$/.exec(part);
  if (!range) throw new JsonPathError(`JSONPath "${source}" is not understood at "${part}".`);
  const [, from, to] = range;
  return { ...(from === undefined ? {} : { from: Number(from) }), ...(to === undefined ? {} : { to: Number(to) }) };
};

const childrenOf = (value: unknown): unknown[] => {
  if (Array.isArray(value)) return value;
  if (typeof value === 'object' && value !== null) return Object.values(value);
  throw new JsonPathError('The members were asked for of something that has none.');
};

const memberOf = (value: unknown, name: string): unknown => {
  if (typeof value === 'object' && value !== null && Object.hasOwn(value, name))
    return (value as Record<string, unknown>)[name];
  throw new JsonPathError(`The record has no member "${name}".`);
};

const itemOf = (value: readonly unknown[], position: number): unknown => {
  const index = position < 0 ? value.length + position : position;
  if (index < 0 || index >= value.length)
    throw new JsonPathError(`The record has no position ${position}; it has ${value.length} fields.`);
  return value[index];
};
