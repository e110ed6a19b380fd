import { createHash, randomUUID } from 'node:crypto';
import type jsonata from 'jsonata';
import type { Json } from '../json.ts';

/**
 * Gives an expression the functions that Step Functions adds to JSONata, and takes `$eval` away.
 * https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions-provided-by-sfn
 */
export const addStepFunctionsFunctions = (expression: jsonata.Expression): void => {
  for (const [name, implementation] of Object.entries(FUNCTIONS)) expression.registerFunction(name, implementation);
  expression.assign('eval', undefined);
};

/** The names that Step Functions adds; a variable of such a name would hide the function. */
export const addedFunctionNames = (): readonly string[] => Object.keys(FUNCTIONS);

const FUNCTIONS: Readonly<Record<string, (...args: unknown[]) => unknown>> = {
  /** Chunks of `size`; the last holds the rest. */
  partition: (array: unknown, size: unknown) => {
    if (array === undefined || size === undefined) return undefined;
    const items = Array.isArray(array) ? array : [array];
    const length = integer('partition', 2, size);
    if (length < 0) throw argumentError('partition', 2, 'must not be negative');
    if (length === 0 || items.length === 0) return undefined;
    return Array.from({ length: Math.ceil(items.length / length) }, (_, chunk) =>
      items.slice(chunk * length, (chunk + 1) * length),
    );
  },

  /** Numbers from `from` to `to`, which is included when a step lands on it. */
  range: (from: unknown, to: unknown, step: unknown) => {
    if (from === undefined || to === undefined || step === undefined) return undefined;
    const first = integer('range', 1, from);
    const last = integer('range', 2, to);
    const delta = integer('range', 3, step);
    const length = delta === 0 ? 0 : Math.floor((last - first) / delta) + 1;
    if (length < 1) return undefined;
    if (length > MAX_RANGE_LENGTH) throw argumentError('range', 2, `makes more than ${MAX_RANGE_LENGTH} elements`);
    return length === 1 ? first : Array.from({ length }, (_, index) => first + index * delta);
  },

  /** The hex digest of a text. */
  hash: (text: unknown, algorithm: unknown) => {
    if (text === undefined || algorithm === undefined) return undefined;
    if (typeof text !== 'string') throw argumentError('hash', 1, 'must be a string');
    const name = HASHES.get(String(algorithm));
    if (!name) throw argumentError('hash', 2, `must be one of ${[...HASHES.keys()].join(', ')}`);
    return createHash(name).update(text, 'utf8').digest('hex');
  },

  /** A number in [0, 1); the same seed gives the same number. */
  random: (seed: unknown) => (seed === undefined ? Math.random() : seededRandom(integer('random', 1, seed))),

  uuid: () => randomUUID(),

  /** The value of a JSON text; stands in for `$eval`. */
  parse: (text: unknown) => {
    if (text === undefined) return undefined;
    if (typeof text !== 'string') throw argumentError('parse', 1, 'must be a string');
    try {
      return JSON.parse(text) as Json;
    } catch (error) {
      throw argumentError('parse', 1, `is not JSON: ${(error as Error).message}`);
    }
  },
};

const HASHES: ReadonlyMap<string, string> = new Map([
  ['MD5', 'md5'],
  ['SHA-1', 'sha1'],
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
]);

/** JSONata's own limit of its range operator. */
const MAX_RANGE_LENGTH = 1_000_000;

const integer = (name: string, position: number, value: unknown): number => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw argumentError(name, position, 'must be a number');
  return Math.trunc(value);
};

const argumentError = (name: string, position: number, problem: string): Error =>
  new Error(`Argument ${position} of function "${name}" ${problem}`);

/** One step of SplitMix32: well mixed also for neighbouring seeds. */
const seededRandom = (seed: number): number => {
  let state = (seed + 0x9e3779b9) | 0;
  state = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
  state = Math.imul(state ^ (state >>> 15), 0x735a2d97);
  return ((state ^ (state >>> 15)) >>> 0) / 2 ** 32;
};
