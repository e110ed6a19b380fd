import type { HistoryEvent, HistoryEventType } from '@aws-sdk/client-sfn';

/** An event as it is kept: the wire's shape, with the time in epoch milliseconds. */
export type StoredEvent = Omit<HistoryEvent, 'timestamp' | 'type'> & {
  readonly id: number;
  readonly previousEventId: number;
  readonly timestamp: number;
  readonly type: HistoryEventType;
};

/** How many events the history of an execution holds, the closing one included. */
export const MAX_EVENTS = 25_000;

/** The member that holds an event's details: all `…StateEntered` events share one, all others have their own. */
export const detailsKey = (type: HistoryEventType): string => {
  if (type.endsWith('StateEntered')) return 'stateEnteredEventDetails';
  if (type.endsWith('StateExited')) return 'stateExitedEventDetails';
  return `${type[0]!.toLowerCase()}${type.slice(1)}EventDetails`;
};

/** An event as GetExecutionHistory answers it, with or without inputs and outputs. */
export const presentEvent = (event: StoredEvent, includeExecutionData: boolean): Record<string, unknown> => {
  const presented = { ...event, timestamp: new Date(event.timestamp) };
  if (includeExecutionData) return presented;
  const key = detailsKey(event.type);
  const details = (event as unknown as Record<string, Record<string, unknown> | undefined>)[key];
  return details ? { ...presented, [key]: withoutData(details) } : presented;
};

/** `TaskScheduled.parameters` is kept, as AWS does. */
const DATA_MEMBERS = new Set([
  'input',
  'inputDetails',
  'output',
  'outputDetails',
  'assignedVariables',
  'assignedVariablesDetails',
]);

const withoutData = (details: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(details).filter(([member]) => !DATA_MEMBERS.has(member)));

/** The pair of members that carry an input. */
export const inputMembers = (input: string) => ({ input, inputDetails: { truncated: false } });

/** The pair of members that carry an output. */
export const outputMembers = (output: string) => ({ output, outputDetails: { truncated: false } });
