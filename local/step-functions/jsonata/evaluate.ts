import jsonata from 'jsonata';
import type { Json, JsonObject } from '../json.ts';
import { addStepFunctionsFunctions } from './functions.ts';
import { TimeBoxedRegExp } from './time-boxed-reg-exp.ts';

/** What an expression sees: the variables by name, and `states`. */
export type Bindings = Readonly<Record<string, unknown>>;

/** Whether a string is an expression: it starts with `{%` and ends with `%}`, with nothing outside. */
export const isExpression = (text: unknown): text is string =>
  typeof text === 'string' && text.length >= 4 && text.startsWith('{%') && text.endsWith('%}');

/** What stands between the delimiters. */
export const sourceOf = (text: string): string => text.slice(2, -2).trim();

/** An expression that can't be parsed or evaluated; the message starts with JSONata's code where there is one. */
export class JsonataError extends Error {
  override readonly name = 'JsonataError';
}

/**
 * Evaluates the source of an expression without a context item.
 *
 * @param timeLimitMilliseconds after this long an endless recursion is broken off; AWS allows 5 s.
 * @returns undefined when the expression gives nothing.
 * @throws JsonataError
 */
export const evaluate = async (
  source: string,
  bindings: Bindings,
  timeLimitMilliseconds = TIME_LIMIT_MILLISECONDS,
): Promise<Json | undefined> => {
  const now = performance.now();
  const budget: Budget = { deadline: now + timeLimitMilliseconds, nextBreath: now + BREATH_MILLISECONDS, depth: 0 };
  try {
    return toJson(await compile(source).evaluate(undefined, { ...bindings, [BUDGET]: budget }));
  } catch (error) {
    throw asJsonataError(error);
  }
};

/**
 * The parsed expression, kept by its source.
 *
 * @throws JsonataError
 */
export const compile = (source: string): jsonata.Expression => {
  const known = compiled.get(source);
  if (known) return known;
  try {
    const expression = jsonata(source, { RegexEngine: TimeBoxedRegExp as unknown as RegExp });
    addStepFunctionsFunctions(expression);
    addTimeBox(expression);
    if (compiled.size >= MAX_COMPILED) compiled.clear();
    compiled.set(source, expression);
    return expression;
  } catch (error) {
    throw asJsonataError(error);
  }
};

const TIME_LIMIT_MILLISECONDS = 5_000;
const MAX_DEPTH = 100;
const MAX_TEXT_LENGTH = 6_990_256;
const MAX_COMPILED = 5_000;
const compiled = new Map<string, jsonata.Expression>();

interface Budget {
  readonly deadline: number;
  nextBreath: number;
  depth: number;
}

/** No expression can name this: `$` is never followed by a blank. */
const BUDGET = ' budget';

/** A tail recursion never yields, so only the library's own hooks can end it. They are found by symbol, not by name. */
const addTimeBox = (expression: jsonata.Expression): void => {
  const hook = (name: string, spend: (budget: Budget, result: unknown) => void | Promise<void>) =>
    expression.assign(
      Symbol.for(name) as unknown as string,
      (_expression: unknown, _input: unknown, environment: jsonata.Environment, result?: unknown) =>
        spend(environment.lookup(BUDGET) as Budget, result),
    );
  hook('jsonata.__evaluate_entry', spendOnEntry);
  hook('jsonata.__evaluate_exit', (budget, result) => {
    budget.depth -= 1;
    if (typeof result === 'string' && result.length > MAX_TEXT_LENGTH) {
      throw new JsonataError(`A text of ${result.length} characters is too long for an expression.`);
    }
  });
};

const spendOnEntry = (budget: Budget): void | Promise<void> => {
  budget.depth += 1;
  if (budget.depth > MAX_DEPTH) {
    throw new JsonataError(
      `D1011: The expression nests deeper than ${MAX_DEPTH} levels; look for an endless recursion.`,
    );
  }
  const now = performance.now();
  if (now > budget.deadline) {
    throw new JsonataError('U1001: The expression took too long; look for an endless recursion.');
  }
  if (now < budget.nextBreath) return;
  budget.nextBreath = now + BREATH_MILLISECONDS;
  return new Promise((resolve) => setImmediate(resolve));
};

/** After this long an evaluation lets the rest of the process have a turn. */
const BREATH_MILLISECONDS = 10;

const asJsonataError = (error: unknown): JsonataError => {
  if (error instanceof JsonataError) return error;
  const { code, message } = error as { code?: string; message?: string };
  const text = message ?? String(error);
  return new JsonataError(code ? `${code}: ${text}` : text, { cause: error });
};

/** A plain copy without the marks that JSONata puts on its arrays; functions are no values here. */
const toJson = (value: unknown): Json | undefined => {
  if (value === undefined) return undefined;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (Array.isArray(value)) return value.map((item) => toJson(item) ?? null);
  if (typeof value === 'object' && !('_jsonata_lambda' in value) && !('_jsonata_function' in value)) {
    return objectToJson(value);
  }
  throw new JsonataError('The result is a function, which is no JSON value; call it instead.');
};

const objectToJson = (object: object): JsonObject =>
  Object.fromEntries(
    Object.entries(object).flatMap(([key, member]): [string, Json][] => {
      const json = toJson(member);
      return json === undefined ? [] : [[key, json]];
    }),
  );
