import { arnGlob, glob } from './glob.ts';

/** Whether one value of a request passes; made from one value of a policy. */
type Test = (value: string) => boolean;

export interface Operator {
  /** Holds when no value of the policy fits, and when the key isn't there: `StringNotEquals`. */
  readonly negated: boolean;
  /** Reads a policy's value. @throws Error saying what is wrong with it. */
  readonly test: (policyValue: string) => Test;
}

/** `${*}`, `${?}` and `${$}` are plain characters where nothing is a wildcard, too. */
const plainText = (text: string): string => text.replace(/\$\{([*?$])\}/g, '$1');

const stringEquals = (policyValue: string): Test => {
  const wanted = plainText(policyValue);
  return (value) => value === wanted;
};

const ignoringCase = (policyValue: string): Test => {
  const wanted = plainText(policyValue).toLowerCase();
  return (value) => value.toLowerCase() === wanted;
};

const arnLike = (policyValue: string): Test => {
  if (policyValue.split(':').length < 6) throw new Error(`${JSON.stringify(policyValue)} is not an ARN`);
  return arnGlob(policyValue);
};

const bool = (policyValue: string): Test => {
  const wanted = policyValue.toLowerCase();
  if (wanted !== 'true' && wanted !== 'false')
    throw new Error(`${JSON.stringify(policyValue)} is neither true nor false`);
  return (value) => value.toLowerCase() === wanted;
};

const numeric =
  (compare: (value: number, limit: number) => boolean) =>
  (policyValue: string): Test => {
    const limit = numberOf(policyValue);
    if (Number.isNaN(limit)) throw new Error(`${JSON.stringify(policyValue)} is not a number`);
    return (text) => {
      const value = numberOf(text);
      return !Number.isNaN(value) && compare(value, limit);
    };
  };

const numberOf = (text: string): number => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN);

const positive = (test: Operator['test']): Operator => ({ negated: false, test });
const negated = (test: Operator['test']): Operator => ({ negated: true, test });

/** By IAM's names in lower case: it ignores their case. Whatever isn't here is refused when a policy is deployed. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ['stringequals', positive(stringEquals)],
  ['stringnotequals', negated(stringEquals)],
  ['stringequalsignorecase', positive(ignoringCase)],
  ['stringnotequalsignorecase', negated(ignoringCase)],
  ['stringlike', positive(glob)],
  ['stringnotlike', negated(glob)],
  ['arnequals', positive(arnLike)],
  ['arnlike', positive(arnLike)],
  ['arnnotequals', negated(arnLike)],
  ['arnnotlike', negated(arnLike)],
  ['bool', positive(bool)],
  ['numericequals', positive(numeric((value, limit) => value === limit))],
  ['numericlessthan', positive(numeric((value, limit) => value < limit))],
  ['numericlessthanequals', positive(numeric((value, limit) => value <= limit))],
  ['numericgreaterthan', positive(numeric((value, limit) => value > limit))],
  ['numericgreaterthanequals', positive(numeric((value, limit) => value >= limit))],
]);
