import type { EventBus } from '#shared/event-bus/event-bus.ts';
import { type DetailType, EVENT_DETAILS } from '#shared/events.ts';

/** A bus that keeps what it is told, and takes only what fits the events' schemas. */
export const inMemoryEventBus = (): EventBus & { readonly events: { detailType: DetailType; detail: unknown }[] } => {
  const events: { detailType: DetailType; detail: unknown }[] = [];
  return {
    events,
    async put(detailType, detail) {
      events.push({ detailType, detail: EVENT_DETAILS[detailType].parse(detail) });
    },
  };
};
