import type { ObjectStore } from '../api/object-store.ts';
import type { OwnerReference, StoredObject } from '../api/stored-object.ts';
import type { EventRecorder } from './events.ts';

/** What the controllers share. Each looks at all of its objects whenever anything has changed. */
export interface ControllerContext {
  readonly store: ObjectStore;
  readonly events: EventRecorder;
  readonly now: () => Date;
  /** How long one of Kubernetes' seconds takes: 1000, or less where time is to pass faster. */
  readonly secondMs: number;
  /** Has all controllers look again after some of Kubernetes' seconds. */
  readonly lookAgainAfter: (seconds: number) => void;
}

export const isOwnedBy = (object: StoredObject, owner: StoredObject): boolean =>
  object.metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) ?? false;

export const ownerReference = ({ apiVersion, kind, metadata: { name, uid } }: StoredObject): OwnerReference => ({
  apiVersion,
  kind,
  name,
  uid,
  controller: true,
  blockOwnerDeletion: true,
});

export const isEnding = ({ metadata }: StoredObject): boolean => metadata.deletionTimestamp !== undefined;
