import type { ItemBatcher, MapState } from '../definition/asl.ts';
import { bindingsOf } from '../interpreter/context.ts';
import type { Visit } from '../interpreter/scope.ts';
import { evaluateInteger, evaluateTemplate } from '../interpreter/template.ts';
import { type Json, type JsonObject, MAX_PAYLOAD_BYTES } from '../json.ts';

/** What one child execution of a Map Run gets: an item, or a batch of them. */
export interface ChildInput {
  readonly input: Json;
  readonly itemCount: number;
}

/** The children's inputs: every item through `ItemSelector`, then together as `ItemBatcher` says. */
export const childInputs = async (
  visit: Visit<MapState>,
  items: AsyncIterable<JsonObject>,
): Promise<AsyncGenerator<ChildInput>> => {
  const { ItemBatcher } = visit.state;
  const selected = select(visit, items);
  return ItemBatcher ? inBatches(selected, await evaluateBatcher(visit, ItemBatcher)) : alone(selected);
};

async function* select(visit: Visit<MapState>, items: AsyncIterable<JsonObject>): AsyncGenerator<Json> {
  const { ItemSelector } = visit.state;
  for await (const mapItem of items) {
    yield ItemSelector === undefined
      ? mapItem.Value!
      : await evaluateTemplate(ItemSelector, bindingsOf(visit, { mapItem }), 'ItemSelector');
  }
}

async function* alone(items: AsyncIterable<Json>): AsyncGenerator<ChildInput> {
  for await (const input of items) yield { input, itemCount: 1 };
}

interface BatchLimits {
  readonly maxItems: number;
  readonly maxBytes: number;
  readonly batchInput: Json | undefined;
}

const evaluateBatcher = async (visit: Visit<MapState>, batcher: ItemBatcher): Promise<BatchLimits> => {
  const bindings = bindingsOf(visit);
  const limit = (field: 'MaxItemsPerBatch' | 'MaxInputBytesPerBatch', maximum: number) =>
    evaluateInteger(batcher[field] ?? maximum, bindings, `ItemBatcher/${field}`, { minimum: 1, maximum });
  return {
    maxItems: await limit('MaxItemsPerBatch', 100_000_000),
    maxBytes: await limit('MaxInputBytesPerBatch', MAX_PAYLOAD_BYTES),
    batchInput:
      batcher.BatchInput === undefined
        ? undefined
        : await evaluateTemplate(batcher.BatchInput, bindings, 'ItemBatcher/BatchInput'),
  };
};

/** The first limit reached closes a batch; an item over the limit of bytes makes a batch of its own. */
async function* inBatches(
  items: AsyncIterable<Json>,
  { maxItems, maxBytes, batchInput }: BatchLimits,
): AsyncGenerator<ChildInput> {
  const frame = batchInput === undefined ? {} : { BatchInput: batchInput };
  const emptySize = Buffer.byteLength(JSON.stringify({ ...frame, Items: [] }));
  let batch: Json[] = [];
  let size = emptySize;
  const close = (): ChildInput => {
    const closed = { input: { ...frame, Items: batch }, itemCount: batch.length };
    batch = [];
    size = emptySize;
    return closed;
  };
  for await (const item of items) {
    const itemSize = Buffer.byteLength(JSON.stringify(item)) + 1; // with its comma
    if (batch.length > 0 && size + itemSize > maxBytes) yield close();
    batch.push(item);
    size += itemSize;
    if (batch.length === maxItems) yield close();
  }
  if (batch.length > 0) yield close();
}
