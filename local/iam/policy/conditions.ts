import { isSuppliedGlobal } from './context.ts';
import { OPERATORS, type Operator } from './operators.ts';
import { conditionKeyType } from './service-data.ts';

/** What a request says about a condition key, in lower case; nothing if it doesn't say anything. */
export type Lookup = (key: string) => readonly string[] | undefined;

export type Condition = (lookup: Lookup) => boolean;

export interface ReadCondition {
  readonly holds: Condition;
  readonly mistakes: readonly string[];
}

/** Reads a statement's `Condition`. All of its parts must hold. */
export const readCondition = (block: unknown): ReadCondition => {
  const mistakes: string[] = [];
  const parts: Condition[] = [];
  if (!isObject(block)) return { holds: () => false, mistakes: ['Condition is not an object'] };
  for (const [operatorName, keys] of Object.entries(block)) {
    if (!isObject(keys)) {
      mistakes.push(`Condition ${operatorName} is not an object`);
      continue;
    }
    for (const [key, values] of Object.entries(keys)) {
      try {
        parts.push(readPart(operatorName, key, textsOf(values)));
      } catch (error) {
        mistakes.push(`Condition ${operatorName} of ${key}: ${(error as Error).message}`);
      }
    }
  }
  return { holds: (lookup) => parts.every((part) => part(lookup)), mistakes };
};

const readPart = (operatorName: string, givenKey: string, policyValues: readonly string[]): Condition => {
  const key = givenKey.toLowerCase();
  const type = conditionKeyType(key);
  if (type === undefined) throw new Error('IAM has no such condition key');
  if (!isSuppliedGlobal(key)) throw new Error('the local cloud does not know this key of a request');
  const { set, ifExists, operator } = operatorOf(operatorName);
  if (operator === 'null') {
    const absent = nullValue(policyValues);
    return (lookup) => (lookup(key) === undefined) === absent;
  }
  if (set === undefined && type.startsWith('ArrayOf')) {
    throw new Error('the key has many values, so the operator needs ForAnyValue: or ForAllValues: before it');
  }
  const tests = policyValues.map(operator.test);
  const fits = (value: string): boolean => tests.some((test) => test(value)) !== operator.negated;
  if (set === 'any') return (lookup) => lookup(key)?.some(fits) ?? ifExists;
  if (set === 'all') return (lookup) => lookup(key)?.every(fits) ?? true;
  return (lookup) => lookup(key)?.every(fits) ?? (ifExists || operator.negated);
};

interface NamedOperator {
  readonly set?: 'any' | 'all';
  readonly ifExists: boolean;
  readonly operator: Operator | 'null';
}

const operatorOf = (name: string): NamedOperator => {
  const [, prefix, base = '', suffix] = /^(?:(foranyvalue|forallvalues):)?(.*?)(ifexists)?$/.exec(name.toLowerCase())!;
  const operator = base === 'null' ? 'null' : OPERATORS.get(base);
  if (operator === undefined || (operator === 'null' && (prefix ?? suffix) !== undefined)) {
    throw new Error('the local cloud does not know this operator');
  }
  return {
    ifExists: suffix !== undefined,
    operator,
    ...(prefix !== undefined && { set: prefix === 'foranyvalue' ? 'any' : 'all' }),
  };
};

const nullValue = (values: readonly string[]): boolean => {
  const [value, ...more] = values.map((text) => text.toLowerCase());
  if (more.length > 0 || (value !== 'true' && value !== 'false'))
    throw new Error('the value is neither true nor false');
  return value === 'true';
};

const textsOf = (values: unknown): readonly string[] => {
  const list = Array.isArray(values) ? values : [values];
  if (list.length === 0) throw new Error('there is no value');
  return list.map((value) => {
    if (!['string', 'number', 'boolean'].includes(typeof value)) throw new Error(`${JSON.stringify(value)} is no text`);
    refuseVariables(String(value));
    return String(value);
  });
};

/** @throws Error naming the first policy variable in a text, which would otherwise be compared as it stands. */
export const refuseVariables = (text: string): void => {
  const variable = /\$\{(?![*?$]\})[^}]*\}?/.exec(text)?.[0];
  if (variable !== undefined) throw new Error(`the local cloud does not know the policy variable ${variable}`);
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
