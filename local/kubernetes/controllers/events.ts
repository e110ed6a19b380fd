import { createHash } from 'node:crypto';
import { type ObjectStore, timestamp } from '../api/object-store.ts';
import type { StoredObject } from '../api/stored-object.ts';

export type EventRecorder = (about: StoredObject, type: 'Normal' | 'Warning', reason: string, message: string) => void;

/** Writes Events; the same one again counts up, as the real recorder does. */
export const eventRecorder =
  (store: ObjectStore, now: () => Date): EventRecorder =>
  (about, type, reason, message) => {
    const { name, namespace, uid } = about.metadata;
    const digest = createHash('sha256').update([uid, type, reason, message].join('\0')).digest('hex').slice(0, 16);
    const eventName = `${name}.${digest}`;
    const before = store.get('Event', namespace, eventName);
    const at = timestamp(now());
    store.put({
      ...before,
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { ...before?.metadata, name: eventName, ...(namespace && { namespace }) },
      involvedObject: { apiVersion: about.apiVersion, kind: about.kind, name, uid, ...(namespace && { namespace }) },
      type,
      reason,
      message,
      source: { component: 'laptop' },
      firstTimestamp: before?.firstTimestamp ?? at,
      lastTimestamp: at,
      count: ((before?.count as number | undefined) ?? 0) + 1,
    });
  };
