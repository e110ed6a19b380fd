import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from '#local/stand-in.ts';
import type { Background } from './background.ts';

/** A state change as EventBridge delivers it. */
export interface SageMakerEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: 'aws.sagemaker';
  readonly account: string;
  /** ISO 8601, whole seconds. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  /** Times are epoch milliseconds, tags a map. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Sends one state change of the resource behind `arn`. */
export type Announce = (detailType: string, arn: string, detail: Readonly<Record<string, unknown>>) => void;

/** The service's habits that a handler must bear: "may send multiple events for each state change", in any order. */
export interface EventChaos {
  /** Each event goes out twice, with an id of its own each time. */
  readonly duplicate?: boolean;
  /** Each event waits a random time below this before it goes out, so that later ones overtake it. */
  readonly maxDelayMs?: number;
}

/** Wraps details in the envelope of EventBridge and hands them to `emit`. */
export const announcer = (
  { accountId, region }: Account,
  emit: (event: SageMakerEvent) => void,
  background: Background,
  { duplicate = false, maxDelayMs = 0 }: EventChaos,
): Announce => {
  const send = (event: SageMakerEvent) => {
    if (maxDelayMs === 0) return emit(event);
    background.run(async () => {
      await sleep(Math.random() * maxDelayMs, undefined, { signal: background.closing });
      emit(event);
    });
  };
  return (detailType, arn, detail) => {
    const event = (): SageMakerEvent => ({
      version: '0',
      id: randomUUID(),
      'detail-type': detailType,
      source: 'aws.sagemaker',
      account: accountId,
      time: `${new Date().toISOString().slice(0, 19)}Z`,
      region,
      resources: [arn],
      detail: structuredClone(detail),
    });
    send(event());
    if (duplicate) send(event());
  };
};

/** A detail with its Dates as epoch milliseconds, at every depth. */
export const withEpochMilliseconds = (value: unknown): unknown => {
  if (value instanceof Date) return value.getTime();
  if (Array.isArray(value)) return value.map(withEpochMilliseconds);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [name, withEpochMilliseconds(member)]),
  );
};
