import { timestamp } from '../api/object-store.ts';
import { RESOURCES } from '../api/resources.ts';
import type { StoredObject } from '../api/stored-object.ts';
import { type ControllerContext, isEnding } from './context.ts';

/** Events are kept for an hour, as the API server keeps them. */
const EVENT_LIFETIME_MS = 60 * 60 * 1000;

/** Deletes what is owned by something that is gone, old events, and what is in namespaces that end. */
export const garbageController =
  ({ store, now }: ControllerContext) =>
  (): void => {
    const all = RESOURCES.flatMap(({ kind }) => store.list(kind));
    const uids = new Set(all.map(({ metadata }) => metadata.uid));
    const remove = (object: StoredObject): void => {
      // The kubelet ends a pod's process before the pod goes.
      if (object.kind !== 'Pod') store.delete(object);
      else if (!isEnding(object)) {
        store.put({ ...object, metadata: { ...object.metadata, deletionTimestamp: timestamp(now()) } });
      }
    };
    for (const object of all) {
      const { ownerReferences = [] } = object.metadata;
      if (ownerReferences.length > 0 && !ownerReferences.some(({ uid }) => uids.has(uid))) remove(object);
    }
    const oldest = timestamp(new Date(now().getTime() - EVENT_LIFETIME_MS));
    for (const event of store.list('Event')) if (String(event.lastTimestamp) < oldest) store.delete(event);
    for (const namespace of store.list('Namespace').filter(isEnding)) {
      const content = all.filter(({ metadata }) => metadata.namespace === namespace.metadata.name);
      for (const object of content) remove(object);
      if (content.length === 0) store.delete(namespace);
    }
  };
