import type { DetailType, EventDetail } from '#shared/events.ts';

/** The bus on which other teams hear of runs. */
export interface EventBus {
  put<T extends DetailType>(detailType: T, detail: EventDetail<T>): Promise<void>;
}
