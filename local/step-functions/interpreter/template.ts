import type { Template } from '../definition/asl.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { type Bindings, evaluate, isExpression, JsonataError, sourceOf } from '../jsonata/evaluate.ts';
import { EvaluationFailure } from './failure.ts';

/**
 * Evaluates every expression of a template, at any depth; other values stand for themselves.
 *
 * @param location the field relative to the state, for the error: `Output`, `Catch[1]/Assign/x`.
 * @throws EvaluationFailure when an expression fails or gives nothing.
 */
export const evaluateTemplate = async (template: Template, bindings: Bindings, location: string): Promise<Json> => {
  if (isExpression(template)) return evaluateField(sourceOf(template), bindings, location);
  if (!hasExpression(template)) return template;
  if (Array.isArray(template)) {
    const items: Json[] = [];
    for (const [index, item] of template.entries()) {
      items.push(await evaluateTemplate(item, bindings, `${location}[${index}]`));
    }
    return items;
  }
  const object: JsonObject = {};
  for (const [key, value] of Object.entries(template as JsonObject)) {
    object[key] = await evaluateTemplate(value, bindings, `${location}/${key}`);
  }
  return object;
};

const evaluateField = async (source: string, bindings: Bindings, location: string): Promise<Json> => {
  let value: Json | undefined;
  try {
    value = await evaluate(source, bindings);
  } catch (error) {
    if (!(error instanceof JsonataError)) throw error;
    throw new EvaluationFailure(
      `The JSONata expression '${source}' specified for the field '${location}' threw an error during evaluation. ${error.message}`,
      location,
    );
  }
  if (value === undefined) {
    throw new EvaluationFailure(
      `The JSONata expression '${source}' specified for the field '${location}' returned nothing (undefined).`,
      location,
    );
  }
  return value;
};

/**
 * An integer field, constant or evaluated.
 *
 * @throws EvaluationFailure when it is no integer between `minimum` and `maximum`.
 */
export const evaluateInteger = async (
  field: number | string,
  bindings: Bindings,
  location: string,
  { minimum, maximum }: { minimum: number; maximum: number },
): Promise<number> => {
  const value = await evaluateTemplate(field, bindings, location);
  if (typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum) return value;
  throw new EvaluationFailure(
    `The field '${location}' must be an integer from ${minimum} to ${maximum}, but is ${JSON.stringify(value)}.`,
    location,
  );
};

/** Definitions are immutable, so whether a part of one holds an expression is found out once. */
const hasExpression = (template: Template): boolean => {
  if (typeof template !== 'object' || template === null) return isExpression(template);
  let known = knownTemplates.get(template);
  if (known === undefined) {
    known = (isJsonObject(template) ? Object.values(template) : template).some(hasExpression);
    knownTemplates.set(template, known);
  }
  return known;
};

const knownTemplates = new WeakMap<object, boolean>();
