import { randomUUID } from 'node:crypto';
import type { Account } from '#local/stand-in.ts';
import type { StoredObject } from './stored-object.ts';

/**
 * An event of S3 as EventBridge delivers it:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 */
export interface S3Event {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': S3EventDraft['detailType'];
  readonly source: 'aws.s3';
  readonly account: string;
  /** RFC 3339, whole seconds. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: {
    readonly version: '0';
    readonly bucket: { readonly name: string };
    readonly object: {
      readonly key: string;
      readonly size?: number;
      readonly etag?: string;
      /** Hexadecimal; orders the events of one key. */
      readonly sequencer: string;
    };
    readonly 'request-id': string;
    readonly requester: string;
    readonly 'source-ip-address': string;
    readonly reason: S3EventDraft['reason'];
    readonly 'deletion-type'?: 'Permanently Deleted';
  };
}

/** What an operation knows of its event. */
export type S3EventDraft = { readonly bucket: string; readonly key: string; readonly requestId: string } & (
  | {
      readonly detailType: 'Object Created';
      readonly reason: 'PutObject' | 'CopyObject' | 'CompleteMultipartUpload';
      readonly object: StoredObject;
    }
  | { readonly detailType: 'Object Deleted'; readonly reason: 'DeleteObject' }
);

/** Completes an event. */
export const s3Event = (draft: S3EventDraft, account: Account): S3Event => ({
  version: '0',
  id: randomUUID(),
  'detail-type': draft.detailType,
  source: 'aws.s3',
  account: account.accountId,
  time: `${new Date().toISOString().slice(0, 19)}Z`,
  region: account.region,
  resources: [`arn:aws:s3:::${draft.bucket}`],
  detail: {
    version: '0',
    bucket: { name: draft.bucket },
    object: {
      key: draft.key,
      ...(draft.detailType === 'Object Created' && { size: draft.object.sizeBytes, etag: draft.object.etag }),
      sequencer: nextSequencer(),
    },
    'request-id': draft.requestId,
    requester: account.accountId,
    'source-ip-address': '127.0.0.1',
    reason: draft.reason,
    ...(draft.detailType === 'Object Deleted' && { 'deletion-type': 'Permanently Deleted' as const }),
  },
});

/** Nanoseconds since the system started go up with every call; the wall clock in front keeps the order over restarts. */
const nextSequencer = (): string =>
  (BigInt(Math.floor(performance.timeOrigin)) * 1_000_000n + BigInt(Math.floor(performance.now() * 1_000_000)))
    .toString(16)
    .toUpperCase()
    .padStart(18, '0');
