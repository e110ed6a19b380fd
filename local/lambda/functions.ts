import { join } from 'node:path';
import { AwsError } from '#local/http/aws-json.ts';
import type { Account } from '#local/stand-in.ts';

/** One function of the host, in the words of its CloudFormation resource. */
export interface LambdaFunction {
  /** Absolute path of the module, TypeScript or JavaScript, that exports the handler. */
  readonly handlerFile: string;
  readonly handlerExport: string;
  readonly timeoutSeconds: number;
  /** Caps the JavaScript heap; memory outside the heap is reported but not limited. */
  readonly memorySizeMb: number;
  /** The execution role: the handler acts as it, and Lambda does when it logs for the function. */
  readonly roleArn: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** The working directory and LAMBDA_TASK_ROOT of this function alone: an absolute path. */
  readonly taskRoot?: string;
  /** How many events at most this function handles at a time; further ones wait. */
  readonly reservedConcurrency?: number;
  /** The ARN of the queue for asynchronous events whose attempts all failed. */
  readonly failureDestinationArn?: string;
}

export type LambdaFunctions = Readonly<Record<string, LambdaFunction>>;

export const functionArn = ({ region, accountId }: Account, name: string): string =>
  `arn:aws:lambda:${region}:${accountId}:function:${name}`;

/** The variables that the host itself sets. */
export type ReservedVariable = (typeof RESERVED_VARIABLES)[number];

const RESERVED_VARIABLES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_INITIALIZATION_TYPE',
  'AWS_REGION',
  'LAMBDA_TASK_ROOT',
  'NODE_COMPILE_CACHE',
  'PATH',
  'HOME',
  'TMPDIR',
  'TZ',
] as const;

/** Reports every mistake of a function table at once; `secret` is what no function may be given in a variable. */
export const checkFunctions = (
  functions: LambdaFunctions,
  sharedVariables: Readonly<Record<string, string>>,
  secret: string,
): void => {
  const problems = Object.entries(functions).flatMap(([name, { handlerFile, environment = {}, ...limits }]) => [
    ...(/^[\w-]{1,64}$/.test(name) ? [] : [`${name}: a name has 1-64 letters, digits, hyphens and underscores`]),
    ...(handlerFile === join('/', handlerFile) ? [] : [`${name}: handlerFile ${handlerFile} is not an absolute path`]),
    ...(within(limits.timeoutSeconds, 1, 900) ? [] : [`${name}: timeoutSeconds must be 1-900`]),
    ...(within(limits.memorySizeMb, 128, 10_240) ? [] : [`${name}: memorySizeMb must be 128-10240`]),
    ...(within(limits.reservedConcurrency ?? 1, 1, 1000) ? [] : [`${name}: reservedConcurrency must be 1-1000`]),
    ...reservedIn(environment).map((variable) => `${name}: the variable ${variable} is reserved`),
    ...revealing(environment, secret).map((variable) => `${name}: the variable ${variable} has the person's keys`),
  ]);
  problems.push(...reservedIn(sharedVariables).map((variable) => `all: the variable ${variable} is reserved`));
  problems.push(
    ...revealing(sharedVariables, secret).map((variable) => `all: the variable ${variable} has the person's keys`),
  );
  if (problems.length > 0) throw new TypeError(`Functions that Lambda would not accept:\n${problems.join('\n')}`);
};

const reservedIn = (variables: Readonly<Record<string, string>>): readonly string[] =>
  RESERVED_VARIABLES.filter((variable) => Object.hasOwn(variables, variable));

const revealing = (variables: Readonly<Record<string, string>>, secret: string): readonly string[] =>
  Object.keys(variables).filter((variable) => variables[variable]!.includes(secret));

/** Limits of https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html */
const within = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most;

/**
 * The table's name behind what Lambda accepts as `FunctionName`: a name, a partial or full ARN, each with a qualifier.
 *
 * @throws AwsError ResourceNotFoundException; only the version `$LATEST` exists.
 */
export const resolveFunctionName = (
  functions: LambdaFunctions,
  account: Account,
  reference: string,
  qualifierParameter?: string,
): string => {
  const { accountId, name, region, qualifier } = NAME.exec(reference)?.groups ?? {};
  const version = qualifierParameter ?? qualifier ?? '$LATEST';
  const here = (accountId ?? account.accountId) === account.accountId && (region ?? account.region) === account.region;
  if (name === undefined || !here || version !== '$LATEST' || !Object.hasOwn(functions, name)) {
    const arn = name === undefined ? reference : functionArn({ ...account, ...(accountId && { accountId }) }, name);
    const suffix = version === '$LATEST' ? '' : `:${version}`;
    throw new AwsError('ResourceNotFoundException', `Function not found: ${arn}${suffix}`, {
      statusCode: 404,
      details: { Type: 'User' },
    });
  }
  return name;
};

const NAME =
  /^(?:(?:arn:aws:lambda:(?<region>[\w-]+):)?(?<accountId>\d{12}):function:)?(?<name>[\w-]+)(?::(?<qualifier>\$LATEST|[\w-]+))?$/;
