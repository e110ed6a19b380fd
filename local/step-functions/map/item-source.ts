import type { MapState } from '../definition/asl.ts';
import { bindingsOf } from '../interpreter/context.ts';
import { StateFailure } from '../interpreter/failure.ts';
import type { Visit } from '../interpreter/scope.ts';
import { itemsOfState, mapItem } from '../interpreter/states/map-items.ts';
import { evaluateInteger, evaluateTemplate } from '../interpreter/template.ts';
import type { Json, JsonObject } from '../json.ts';
import type { ServiceClients } from '../tasks/clients.ts';
import { readItems } from './item-readers.ts';

/** The items of a Distributed Map, each as `Map.Item` of the context; read as they are needed. */
export interface ItemSource {
  readonly items: AsyncIterable<JsonObject>;
  /** undefined where only reading to the end tells. */
  readonly total: number | undefined;
}

/** @throws StateFailure `States.ItemReaderFailed`, also while the items are read. */
export const openItemSource = async (visit: Visit<MapState>, clients: ServiceClients): Promise<ItemSource> => {
  const { ItemReader } = visit.state;
  if (!ItemReader) {
    const items = await itemsOfState(visit);
    return { items: toAsync(items), total: items.length };
  }
  const bindings = bindingsOf(visit);
  const parameters = await evaluateTemplate(ItemReader.Arguments ?? {}, bindings, 'ItemReader/Arguments');
  const { MaxItems = 0 } = ItemReader.ReaderConfig ?? {};
  const maxItems = await evaluateInteger(MaxItems, bindings, 'ItemReader/ReaderConfig/MaxItems', {
    minimum: 0,
    maximum: 100_000_000,
  });
  const { items, source } = readItems(ItemReader, parameters, { clients, signal: visit.scope.signal });
  return { items: numbered(items, { source, maxItems }), total: undefined };
};

async function* toAsync(items: readonly JsonObject[]): AsyncGenerator<JsonObject> {
  yield* items;
}

/** @param maxItems 0 for all. */
async function* numbered(
  items: AsyncIterable<Json>,
  { source, maxItems }: { source: string; maxItems: number },
): AsyncGenerator<JsonObject> {
  let index = 0;
  try {
    for await (const value of items) {
      yield mapItem(index, value, source);
      index += 1;
      if (index === maxItems) return;
    }
  } catch (error) {
    throw readerFailure(error);
  }
}

const readerFailure = (error: unknown): StateFailure => {
  const cause = error instanceof StateFailure ? error.message : error instanceof Error ? error.message : String(error);
  return new StateFailure('States.ItemReaderFailed', cause, { isOwn: true });
};
