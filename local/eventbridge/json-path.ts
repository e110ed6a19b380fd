import { isRecord, type Json } from './json.ts';

/** Reads one value of an event; undefined where the event has none. */
export type JsonPath = (event: Json) => Json | undefined;

/**
 * Reads the JSON paths that name one value: `$`, `.name`, `['name']` and `[0]`.
 *
 * @throws RangeError for what else a path may have, such as wildcards.
 */
export const parseJsonPath = (text: string): JsonPath => {
  const steps: (string | number)[] = [];
  let position = 1;
  while (text.startsWith('$') && position < text.length) {
    STEP.lastIndex = position;
    const found = STEP.exec(text);
    if (!found) break;
    const [step, name, quoted, index] = found;
    steps.push(index === undefined ? (name ?? quoted ?? '') : Number(index));
    position += step.length;
  }
  if (!text.startsWith('$') || position !== text.length) {
    throw new RangeError(`${JSON.stringify(text)} is not a path of $, .name, ['name'] and [0]`);
  }
  return (event) => steps.reduce<Json | undefined>(child, event);
};

const STEP = /\.([\w-]+)|\['([^']+)'\]|\[(\d+)\]/y;

const child = (value: Json | undefined, step: string | number): Json | undefined => {
  if (typeof step === 'number') return Array.isArray(value) ? value[step] : undefined;
  return isRecord(value) && Object.hasOwn(value, step) ? value[step] : undefined;
};
