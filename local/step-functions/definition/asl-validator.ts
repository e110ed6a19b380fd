import validate from 'asl-validator';
import { isExpression } from '../jsonata/evaluate.ts';
import type { StateMachineDefinition } from './asl.ts';
import { type Diagnostic, fault } from './diagnostic.ts';

/**
 * What asl-validator says about a definition that our own rules let pass.
 *
 * It refuses some values that AWS takes (plain values as Output, objects as Items, expressions of several lines, …), takes
 * payloads with a key `States` for machines, and stops at its first schema error. So it gets a skeleton in which
 * everything that our rules have judged is replaced by something harmless. It writes into what it is given, too.
 */
export const secondOpinion = (definition: StateMachineDefinition): readonly Diagnostic[] => {
  const skeleton = JSON.stringify(skeletonOf(definition));
  let opinion = opinions.get(skeleton);
  if (!opinion) {
    opinion = validateSkeleton(skeleton);
    if (opinions.size >= MAX_OPINIONS) opinions.clear();
    opinions.set(skeleton, opinion);
  }
  return opinion;
};

/** It takes 100 to 300 ms every time. */
const opinions = new Map<string, readonly Diagnostic[]>();
const MAX_OPINIONS = 500;

const validateSkeleton = (skeleton: string): Diagnostic[] => {
  const { errors } = validate(JSON.parse(skeleton) as object, { checkPaths: true, checkArn: true });
  return errors.map((error) => {
    const { 'Error code': code, Message, schemaError } = error as ValidatorError;
    return fault(code, schemaError?.instancePath ?? '', Message);
  });
};

interface ValidatorError {
  readonly 'Error code': string;
  readonly Message: string;
  readonly schemaError?: { readonly instancePath: string };
}

const skeletonOf = (value: unknown, field = ''): unknown => {
  if (Object.hasOwn(REPLACED, field)) return REPLACED[field]!(value);
  if (isExpression(value)) return EXPRESSION;
  if (Array.isArray(value)) return value.map((item) => skeletonOf(item));
  if (typeof value !== 'object' || value === null) return value;
  const isStates = field === 'States'; // its keys are names of states, not fields
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, skeletonOf(member, isStates ? '' : key)]),
  );
};

const EXPRESSION = '{% true %}';

const REPLACED: Readonly<Record<string, (value: unknown) => unknown>> = {
  Output: () => EXPRESSION,
  Assign: () => ({}),
  Arguments: () => EXPRESSION,
  Items: () => EXPRESSION,
  ItemSelector: () => EXPRESSION,
  BatchInput: () => ({}),
  Condition: () => EXPRESSION,
  Credentials: () => ({}),
  ReaderConfig: () => ({}),
  ResultWriter: () => ({ Resource: 'arn:aws:states:::s3:putObject' }),
  ToleratedFailurePercentage: () => 0,
};
