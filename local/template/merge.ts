/** Merges objects key by key, at any depth; of two other values the second wins. */
export const mergeObjects = (
  first: Readonly<Record<string, unknown>>,
  second: Readonly<Record<string, unknown>>,
): Record<string, unknown> => {
  const merged: Record<string, unknown> = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const present = merged[key];
    merged[key] = isObject(present) && isObject(value) ? mergeObjects(present, value) : value;
  }
  return merged;
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The same object without the keys whose value is undefined. */
export const defined = (value: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined));
