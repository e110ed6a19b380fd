import { randomUUID } from 'node:crypto';
import type { Account } from '#local/stand-in.ts';
import type { JsonRecord } from './json.ts';

/** An event as its targets receive it. */
export interface EventBridgeEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** ISO 8601, whole seconds, UTC. */
  readonly time: string;
  readonly region: string;
  readonly resources: string[];
  readonly detail: JsonRecord;
}

/** What the sender of an event decides. */
export interface EventContent {
  readonly source: string;
  readonly 'detail-type': string;
  /** Becomes JSON on its way. */
  readonly detail: Readonly<Record<string, unknown>>;
  readonly resources?: readonly string[];
}

export const newEvent = (content: EventContent, { accountId, region }: Account, time: Date): EventBridgeEvent => ({
  version: '0',
  id: randomUUID(),
  'detail-type': content['detail-type'],
  source: content.source,
  account: accountId,
  time: `${time.toISOString().slice(0, 19)}Z`,
  region,
  resources: [...(content.resources ?? [])],
  detail: JSON.parse(JSON.stringify(content.detail)) as JsonRecord,
});
