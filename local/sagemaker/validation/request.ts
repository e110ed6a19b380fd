import type * as z from 'zod';
import type { Operation } from '#local/http/aws-json.ts';
import { AwsError } from '#local/http/aws-json.ts';
import type { Caller } from '#local/iam/iam.ts';

/** An operation whose request is checked first, all constraints at once, and refused as SageMaker refuses it. */
export const operation =
  <S extends z.ZodType>(schema: S, run: (input: z.output<S>, caller: Caller) => unknown): Operation =>
  (input: unknown, caller: Caller) => {
    const parsed = schema.safeParse(input, { reportInput: true });
    if (!parsed.success) throw validationException(parsed.error.issues);
    return run(parsed.data, caller);
  };

/** SageMaker's own error for a request that it can't accept. */
export const refuse = (message: string): AwsError => new AwsError('ValidationException', message);

const validationException = (issues: readonly z.core.$ZodIssue[]): AwsError => {
  const problems = issues.flatMap(describeIssue);
  const errors = problems.length === 1 ? '1 validation error' : `${problems.length} validation errors`;
  return refuse(`${errors} detected: ${problems.join('; ')}`);
};

const describeIssue = (issue: z.core.$ZodIssue): string[] => {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      describe(issue.path.concat(key), undefined, "The laptop's SageMaker does not know this member"),
    );
  }
  return [describe(issue.path, issue.input, constraintOf(issue))];
};

const describe = (path: readonly PropertyKey[], value: unknown, constraint: string): string =>
  `Value ${valueText(value)}at '${path.map(pathSegment).join('.')}' failed to satisfy constraint: ${constraint}`;

/** AWS prints lists as `tags.1.member.key`, counted from one, with members in lower camel case. */
const pathSegment = (segment: PropertyKey): string =>
  typeof segment === 'number' ? `${segment + 1}.member` : lowerFirst(String(segment));

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

const MAX_PRINTED_CHARACTERS = 256;

const valueText = (value: unknown): string => {
  if (value === undefined || value === null) return 'null ';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return `'${text.slice(0, MAX_PRINTED_CHARACTERS)}' `;
};

const constraintOf = (issue: z.core.$ZodIssue): string => {
  if (issue.code !== 'custom' && (issue.input === undefined || issue.input === null)) return 'Member must not be null';
  switch (issue.code) {
    case 'invalid_type':
      return `Member must be of type ${issue.expected}`;
    case 'invalid_key':
      return `Map keys must satisfy constraint: [${issue.issues.map(constraintOf).join(', ')}]`;
    case 'too_small':
      return `Member must have ${measureOf(issue.origin)} greater than or equal to ${issue.minimum}`;
    case 'too_big':
      return `Member must have ${measureOf(issue.origin)} less than or equal to ${issue.maximum}`;
    case 'invalid_format':
      return `Member must satisfy regular expression pattern: ${unanchored(issue.pattern ?? issue.format)}`;
    case 'invalid_value':
      return `Member must satisfy enum value set: [${issue.values.join(', ')}]`;
    default:
      return issue.message;
  }
};

const measureOf = (origin: string): string => (['string', 'array', 'record'].includes(origin) ? 'length' : 'value');

/** The service model's patterns are written without anchors; `pattern` in `members.ts` adds them. */
const unanchored = (pattern: string): string =>
  pattern.replace(/^\/\^\(\?:(.*)\)\$\/[a-z]*$/s, '$1').replaceAll('\\/', '/');
