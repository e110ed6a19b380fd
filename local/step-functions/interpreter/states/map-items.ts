import type { MapState } from '../../definition/asl.ts';
import { isJsonObject, type Json, type JsonObject } from '../../json.ts';
import { bindingsOf } from '../context.ts';
import { EvaluationFailure } from '../failure.ts';
import type { Visit } from '../scope.ts';
import { evaluateTemplate } from '../template.ts';

/** The items in the state's own data, each as `Map.Item` of the context; an object gives its pairs of key and value. */
export const itemsOfState = async (visit: Visit<MapState>): Promise<JsonObject[]> => {
  const { Items } = visit.state;
  const items = Items === undefined ? visit.input : await evaluateTemplate(Items, bindingsOf(visit), 'Items');
  if (Array.isArray(items)) return items.map((value, index) => mapItem(index, value));
  if (isJsonObject(items)) {
    return Object.entries(items).map(([Key, Value], index) => ({ ...mapItem(index, { Key, Value }), Key }));
  }
  throw new EvaluationFailure(
    `The field 'Items' must be an array or an object, but is ${JSON.stringify(items)}. ` +
      'A filter that matches one item gives the item alone: put the expression in an array constructor, [ … ].',
    'Items',
  );
};

/** @param source `STATE_DATA`, or the S3 URI that the item was read from. */
export const mapItem = (index: number, value: Json, source = 'STATE_DATA'): JsonObject => ({
  Index: index,
  Value: value,
  Source: source,
});
