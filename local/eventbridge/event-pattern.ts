import { AwsError } from '#local/http/aws-json.ts';
import { isRecord, type Json } from './json.ts';
import { compileOperator, type LeafMatcher } from './pattern-operators.ts';

/** Whether an event, as the JSON object that a target receives, fits a pattern. */
export type EventMatcher = (event: Json) => boolean;

/** EventBridge's quota for a pattern, in characters. */
const MAX_PATTERN_LENGTH = 4096;

/**
 * Compiles an event pattern: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 *
 * @throws AwsError InvalidEventPatternException that names every mistake with its place.
 */
export const compileEventPattern = (text: string): EventMatcher => {
  if (text.length > MAX_PATTERN_LENGTH) throw invalid([`it is longer than ${MAX_PATTERN_LENGTH} characters`]);
  const problems: string[] = [];
  const matches = compileObject(parse(text), [], (path, problem) => {
    problems.push(`${path.length === 0 ? 'the pattern' : path.join('.')}: ${problem}`);
  });
  if (problems.length > 0) throw invalid(problems);
  return (event) => matches(event, event);
};

/** Tests a value of the event; `root` is the whole event, in which absence is looked up. */
type NodeMatcher = (value: Json | undefined, root: Json) => boolean;

type Report = (path: readonly string[], problem: string) => void;

const parse = (text: string): Json => {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw invalid([`it is not JSON: ${(error as Error).message}`]);
  }
};

const invalid = (problems: readonly string[]): AwsError =>
  new AwsError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${problems.join('; ')}`);

const never: NodeMatcher = () => false;

const compileObject = (pattern: Json, path: readonly string[], report: Report): NodeMatcher => {
  if (!isRecord(pattern) || Object.keys(pattern).length === 0) {
    report(path, 'must be an object with at least one field');
    return never;
  }
  const conditions = Object.entries(pattern).map(([key, value]) =>
    key === '$or' ? compileOr(value, path, report) : compileField(key, value, path, report),
  );
  // Of several objects in an array, one alone must satisfy all conditions.
  const matches: NodeMatcher = (value, root) =>
    Array.isArray(value)
      ? value.some((element) => matches(element, root))
      : conditions.every((condition) => condition(value, root));
  return matches;
};

const compileOr = (alternatives: Json, path: readonly string[], report: Report): NodeMatcher => {
  if (!Array.isArray(alternatives) || alternatives.length < 2) {
    report([...path, '$or'], 'must be an array of at least two patterns');
    return never;
  }
  const matchers = alternatives.map((pattern) => compileObject(pattern, path, report));
  return (value, root) => matchers.some((matches) => matches(value, root));
};

const compileField = (key: string, pattern: Json, parent: readonly string[], report: Report): NodeMatcher => {
  const path = [...parent, key];
  const matches = isRecord(pattern) ? compileObject(pattern, path, report) : compileLeaf(pattern, path, report);
  return (value, root) => matches(isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined, root);
};

const compileLeaf = (alternatives: Json, path: readonly string[], report: Report): NodeMatcher => {
  if (!Array.isArray(alternatives) || alternatives.length === 0) {
    report(path, 'must be an object or a non-empty array of alternatives');
    return never;
  }
  const matchers = alternatives.map((alternative) => compileAlternative(alternative, path, report));
  return (value, root) => matchers.some((matches) => matches(value, root));
};

const compileAlternative = (alternative: Json, path: readonly string[], report: Report): NodeMatcher => {
  if (Array.isArray(alternative)) {
    report(path, 'an alternative must not be an array');
    return never;
  }
  if (!isRecord(alternative)) return anyLeaf((leaf) => leaf === alternative);
  const [[operator, operand] = ['', null], ...others] = Object.entries(alternative);
  if (others.length > 0) {
    report(path, `only one operator is allowed in an object, found ${Object.keys(alternative).join(', ')}`);
    return never;
  }
  if (operator === 'exists') return compileExists(operand, path, report);
  const compiled = compileOperator(operator, operand);
  if (typeof compiled === 'function') return anyLeaf(compiled);
  report(path, compiled.problem);
  return never;
};

/** `false` holds only where no object of an array on the way has the field. */
const compileExists = (operand: Json, path: readonly string[], report: Report): NodeMatcher => {
  if (typeof operand !== 'boolean') report(path, 'exists must be true or false');
  return operand === true
    ? (value) => leavesAt(value, []).length > 0
    : (_value, root) => leavesAt(root, path).length === 0;
};

const anyLeaf =
  (matches: LeafMatcher): NodeMatcher =>
  (value) =>
    leavesAt(value, []).some(matches);

/** The strings, numbers, booleans and nulls at a path below `value`, through arrays; an object is no leaf. */
const leavesAt = (value: Json | undefined, path: readonly string[]): readonly (string | number | boolean | null)[] => {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((element) => leavesAt(element, path));
  const [key, ...rest] = path;
  if (!isRecord(value)) return key === undefined ? [value] : [];
  return key !== undefined && Object.hasOwn(value, key) ? leavesAt(value[key], rest) : [];
};
