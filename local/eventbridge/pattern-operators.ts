import { BlockList, isIP } from 'node:net';
import { isRecord, type Json } from './json.ts';

/** Tests one string, number, boolean or null of the event. */
export type LeafMatcher = (leaf: string | number | boolean | null) => boolean;

type Compiled = LeafMatcher | { readonly problem: string };

/** Compiles `{"<operator>": <operand>}`, every operator but `exists`, which isn't about a leaf's value. */
export const compileOperator = (operator: string, operand: Json): Compiled => {
  const compile = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
  return (
    compile?.(operand) ?? {
      problem: `unrecognized operator "${operator}"; there are exists, ${Object.keys(OPERATORS).join(', ')}`,
    }
  );
};

/** A matcher of strings, or undefined if the operand isn't one of the operator's. */
type CompileText = (operand: Json) => ((text: string) => boolean) | { readonly problem: string };

const equalsIgnoreCase: CompileText = (operand) => {
  if (typeof operand !== 'string') return { problem: 'equals-ignore-case must be a string' };
  const folded = operand.toLowerCase();
  return (text) => text.toLowerCase() === folded;
};

/** `prefix` and `suffix`, which differ only in the side; both accept `{"equals-ignore-case": …}`. */
const affix =
  (operator: 'prefix' | 'suffix', has: (text: string, part: string) => boolean): CompileText =>
  (operand) => {
    if (typeof operand === 'string') return (text) => has(text, operand);
    const folded = isRecord(operand) && Object.keys(operand).length === 1 ? operand['equals-ignore-case'] : undefined;
    if (typeof folded !== 'string')
      return { problem: `${operator} must be a string or {"equals-ignore-case": string}` };
    return (text) => has(text.toLowerCase(), folded.toLowerCase());
  };

/** `*` stands for any number of characters; `\*` and `\\` for themselves. */
const wildcard: CompileText = (operand) => {
  if (typeof operand !== 'string') return { problem: 'wildcard must be a string' };
  if (/^(?:[^\\]|\\[*\\])*$/s.exec(operand) === null) {
    return { problem: 'wildcard: a backslash must stand before * or another backslash' };
  }
  const tokens = operand.match(/\\.|[^\\]/gsu) ?? [];
  if (tokens.some((token, index) => token === '*' && tokens[index + 1] === '*')) {
    return { problem: 'wildcard: two * must not follow each other' };
  }
  const parts = [''];
  for (const token of tokens) {
    if (token === '*') parts.push('');
    else parts[parts.length - 1] += token.startsWith('\\') ? token.slice(1) : token;
  }
  return (text) => matchesParts(text, parts);
};

/** Whether `text` is the parts in order with anything between them; linear, whatever the text. */
const matchesParts = (text: string, parts: readonly string[]): boolean => {
  const [first, ...middle] = parts as [string, ...string[]];
  const last = middle.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let position = first.length;
  for (const part of middle) {
    const found = text.indexOf(part, position);
    if (found < 0) return false;
    position = found + part.length;
  }
  return text.length - last.length >= position && text.endsWith(last);
};

const TEXT_OPERATORS: Readonly<Record<string, CompileText>> = {
  prefix: affix('prefix', (text, part) => text.startsWith(part)),
  suffix: affix('suffix', (text, part) => text.endsWith(part)),
  'equals-ignore-case': equalsIgnoreCase,
  wildcard,
};

const ofText =
  (compile: CompileText) =>
  (operand: Json): Compiled => {
    const matches = compile(operand);
    return typeof matches === 'function' ? (leaf) => typeof leaf === 'string' && matches(leaf) : matches;
  };

const anythingBut = (operand: Json): Compiled => {
  if (isRecord(operand)) return anythingButText(operand);
  const values = Array.isArray(operand) ? operand : [operand];
  const sameType = ['string', 'number'].some((type) => values.every((value) => typeof value === type));
  if (values.length === 0 || !sameType) {
    return { problem: 'anything-but must be strings or numbers, not mixed, or an object with one operator' };
  }
  return (leaf) => !values.includes(leaf);
};

const anythingButText = (operand: { readonly [key: string]: Json }): Compiled => {
  const [[operator, value] = ['', null], ...others] = Object.entries(operand);
  const compile = Object.hasOwn(TEXT_OPERATORS, operator) ? TEXT_OPERATORS[operator] : undefined;
  if (!compile || others.length > 0) {
    return { problem: `anything-but takes one of ${Object.keys(TEXT_OPERATORS).join(', ')}` };
  }
  const values = Array.isArray(value) ? value : [value];
  if (values.length === 0 || values.some((text) => typeof text !== 'string' || text === '')) {
    return { problem: `anything-but ${operator} must be a non-empty string or a list of them` };
  }
  const matchers = values.map((text) => ofText(compile)(text));
  const problem = matchers.find((matcher) => typeof matcher !== 'function');
  return problem ?? ((leaf) => !(matchers as LeafMatcher[]).some((matches) => matches(leaf)));
};

const COMPARISONS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
};

/** `["=", n]`, `["<", n]`, `[">", n]` or a lower bound followed by an upper bound. */
const numeric = (operand: Json): Compiled => {
  const shape = Array.isArray(operand) ? operand.filter((_, index) => index % 2 === 0).join(' ') : '';
  if (!Array.isArray(operand) || !/^(=|<=?|>=?|>=? <=?)$/.test(shape) || operand.length % 2 !== 0) {
    return { problem: 'numeric must be [operator, number] or [">" or ">=", number, "<" or "<=", number]' };
  }
  const bounds = operand.filter((_, index) => index % 2 === 1);
  if (bounds.some((bound) => typeof bound !== 'number')) return { problem: 'numeric compares with numbers only' };
  const [lower, upper] = bounds as number[];
  if (upper !== undefined && lower! >= upper)
    return { problem: 'numeric: the lower bound must be below the upper one' };
  const compare = shape.split(' ').map((operator) => COMPARISONS[operator]!);
  return (leaf) => typeof leaf === 'number' && compare.every((holds, index) => holds(leaf, bounds[index] as number));
};

/** IPv4 or IPv6, such as `10.0.0.0/24`. */
const cidr = (operand: Json): Compiled => {
  const [, address = '', bits = ''] = typeof operand === 'string' ? (/^([^/]+)\/(\d{1,3})$/.exec(operand) ?? []) : [];
  const version = isIP(address);
  if (version === 0 || Number(bits) > (version === 4 ? 32 : 128)) {
    return { problem: 'cidr must be an IP address, a slash and the number of leading bits' };
  }
  const block = new BlockList();
  block.addSubnet(address, Number(bits), FAMILIES[version]!);
  return (leaf) => typeof leaf === 'string' && isIP(leaf) === version && block.check(leaf, FAMILIES[version]!);
};

const FAMILIES: Readonly<Record<number, 'ipv4' | 'ipv6'>> = { 4: 'ipv4', 6: 'ipv6' };

const OPERATORS: Readonly<Record<string, (operand: Json) => Compiled>> = {
  ...Object.fromEntries(Object.entries(TEXT_OPERATORS).map(([name, compile]) => [name, ofText(compile)])),
  'anything-but': anythingBut,
  numeric,
  cidr,
};
