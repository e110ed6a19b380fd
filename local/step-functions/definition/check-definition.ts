import { AwsError } from '#local/http/aws-json.ts';
import type { StateMachineDefinition } from './asl.ts';
import { secondOpinion } from './asl-validator.ts';
import { type Diagnostic, fault, type Rule, schemaFault } from './diagnostic.ts';
import { errorNames } from './rules/error-names.ts';
import { expressions } from './rules/expressions.ts';
import { maps } from './rules/maps.ts';
import { tasks } from './rules/tasks.ts';
import { transitions } from './rules/transitions.ts';
import { variables } from './rules/variables.ts';
import { shapeProblems } from './schema.ts';

/**
 * Refuses a definition that AWS or this interpreter would refuse, with all of its faults at once.
 *
 * @throws AwsError `InvalidDefinition`
 */
export const checkDefinition = (machineName: string, definition: string): void => {
  const errors = definitionProblems(definition);
  if (errors.length === 0) return;
  const list = errors.map(({ code, message, location }) => `${code}: ${message}${location ? ` at ${location}` : ''}`);
  throw new AwsError('InvalidDefinition', `Invalid State Machine Definition of '${machineName}': '${list.join(', ')}'`);
};

/** Everything that is wrong with a definition. A fault of its shape hides what follows, so the rules see whole shapes only. */
export const definitionProblems = (text: string): readonly Diagnostic[] => {
  const parsed = parse(text);
  if ('problem' in parsed) return [parsed.problem];
  const language = queryLanguageProblems(parsed.value);
  if (language.length > 0) return language;
  const shape = shapeProblems(parsed.value);
  if (shape.length > 0) return shape;
  const definition = parsed.value as StateMachineDefinition;
  const problems = RULES.flatMap((rule) => [...rule(definition)]);
  return problems.length > 0 ? problems : secondOpinion(definition);
};

const RULES: readonly Rule[] = [transitions, errorNames, expressions, variables, tasks, maps];

const parse = (text: string): { value: unknown } | { problem: Diagnostic } => {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return { problem: fault('INVALID_JSON_DESCRIPTION', '', (error as Error).message) };
  }
};

/** Only machines that are JSONata as a whole run here. */
const queryLanguageProblems = (value: unknown): readonly Diagnostic[] => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [schemaFault('', 'A definition must be a JSON object')];
  }
  const { QueryLanguage } = value as { QueryLanguage?: unknown };
  if (QueryLanguage === 'JSONata') return [];
  const reason =
    QueryLanguage === undefined
      ? 'It has no QueryLanguage, and JSONPath is what AWS takes then.'
      : `Its QueryLanguage is ${JSON.stringify(QueryLanguage)}.`;
  return [
    schemaFault(
      '/QueryLanguage',
      `The laptop runs JSONata state machines only. ${reason} Write the machine in JSONata and put "QueryLanguage": "JSONata" at its top.`,
    ),
  ];
};
