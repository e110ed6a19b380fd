import { isExpression, JsonataError, sourceOf } from '../../jsonata/evaluate.ts';
import { isFunctionName } from '../../jsonata/function-names.ts';
import { type References, referencesOf } from '../../jsonata/inspect.ts';
import type { StateMachineDefinition } from '../asl.ts';
import { type Diagnostic, fault } from '../diagnostic.ts';
import { type PlacedState, statesOf } from '../walk.ts';
import { visibleVariables } from './variables.ts';

/** Expressions parse, need no context item, and use only variables and functions that there are. */
export function* expressions(definition: StateMachineDefinition): Generator<Diagnostic> {
  for (const placed of statesOf(definition)) {
    const visible = visibleVariables(placed.within);
    for (const { source, location } of expressionsOf(placed)) yield* check(source, location, visible);
  }
}

function* check(source: string, location: string, visible: ReadonlySet<string>): Generator<Diagnostic> {
  let references: References;
  try {
    references = referencesOf(source);
  } catch (error) {
    if (!(error instanceof JsonataError)) throw error;
    yield fault('INVALID_JSONATA_EXPRESSION', location, error.message);
    return;
  }
  for (const name of references.contextual) {
    yield unsupported(location, `'${name}' has no context item to look at; begin with $states.input or a variable`);
  }
  if (references.usesErrorOutput && !/\/Catch\/\d+\/(Output|Assign)/.test(location)) {
    yield unsupported(location, '$states.errorOutput exists in a Catcher only');
  }
  for (const name of references.names) {
    if (name === 'states' || visible.has(name) || isFunctionName(name)) continue;
    yield unsupported(
      location,
      `No state assigns the variable $${name} where this can see it, and no function has the name`,
    );
  }
}

const unsupported = (location: string, message: string): Diagnostic =>
  fault('UNSUPPORTED_JSONATA_EXPRESSION', location, message);

/** The expressions of a state's own fields, without those of the states inside it. */
function* expressionsOf({ state, location }: PlacedState): Generator<{ source: string; location: string }> {
  for (const [field, value] of Object.entries(state)) {
    if (!NOT_EVALUATED.has(field)) yield* expressionsIn(value, `${location}/${field}`);
  }
}

const NOT_EVALUATED = new Set([
  'Type',
  'Comment',
  'QueryLanguage',
  'Next',
  'Default',
  'Resource',
  'Retry',
  'Branches',
  'ItemProcessor',
  'Iterator',
  'Credentials',
]);

function* expressionsIn(value: unknown, location: string): Generator<{ source: string; location: string }> {
  if (isExpression(value)) yield { source: sourceOf(value), location };
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) yield* expressionsIn(member, `${location}/${key}`);
}
