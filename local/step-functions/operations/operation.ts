import { z } from 'zod';
import { AwsError, type Operation } from '#local/http/aws-json.ts';
import { MAX_PAYLOAD_BYTES } from '../json.ts';

/** An operation that checks its request first and tells all of its mistakes at once, as a ValidationException. */
export const operation =
  <S extends z.ZodType>(schema: S, run: (input: z.output<S>) => unknown): Operation =>
  (input: unknown) => {
    const parsed = schema.safeParse(input);
    if (parsed.success) return run(parsed.data);
    const { issues } = parsed.error;
    const problems = issues.map(
      ({ path, message }) => `Value at '${path.join('.')}' failed to satisfy constraint: ${message}`,
    );
    throw validationError(...problems);
  };

export const validationError = (...problems: string[]): AwsError =>
  new AwsError(
    'ValidationException',
    `${problems.length} validation error${problems.length === 1 ? '' : 's'} detected: ${problems.join('; ')}`,
  );

/** A payload as JSON text; what it must be is checked by the operation, whose errors differ. */
export const payload = z.string().refine((text) => Buffer.byteLength(text) <= MAX_PAYLOAD_BYTES, {
  error: `Member must have length less than or equal to ${MAX_PAYLOAD_BYTES}`,
});

export const arn = z.string().min(1).max(256);

export const paging = {
  maxResults: z.int().min(0).max(1000).optional(),
  nextToken: z.string().optional(),
};

/** A part of a list: `maxResults` from where `nextToken` left off; 0 or none means 100. */
export const page = <T>(
  items: readonly T[],
  { maxResults, nextToken }: { maxResults?: number | undefined; nextToken?: string | undefined },
  keyOf: (item: T) => string,
): { items: readonly T[]; nextToken?: string } => {
  let start = 0;
  if (nextToken !== undefined) {
    const last = Buffer.from(nextToken, 'base64url').toString('utf8');
    start = items.findIndex((item) => keyOf(item) === last) + 1;
    if (start === 0) throw new AwsError('InvalidToken', `Invalid Token: '${nextToken}'`);
  }
  const end = start + (maxResults || DEFAULT_PAGE);
  const part = items.slice(start, end);
  if (end >= items.length) return { items: part };
  return { items: part, nextToken: Buffer.from(keyOf(part.at(-1)!)).toString('base64url') };
};

const DEFAULT_PAGE = 100;

/** Names of machines and executions: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
export const checkName = (name: string): void => {
  if (name.length >= 1 && name.length <= 80 && !FORBIDDEN_IN_NAMES.test(name)) return;
  throw new AwsError(
    'InvalidName',
    `Invalid Name: '${name}'. A name has 1 to 80 characters, none of them white space, a control character or one of ` +
      '< > { } [ ] ? * " # % \\ ^ | ~ ` $ & , ; : /',
  );
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const FORBIDDEN_IN_NAMES = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]/;
