import type { Kind, KubernetesEvent, KubernetesObject } from '#shared/kyma/objects.ts';

export interface ObjectName {
  /** Absent for what belongs to the whole cluster. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

/**
 * A cluster's API. Every method throws ClusterUnavailableError when it can't be reached, ClusterAccessError when the
 * credentials or a right are missing.
 */
export interface Cluster {
  /**
   * Makes an object be as given, by server-side apply: what we set once and no longer set is removed, what others own
   * beside it stays. Fields that others changed since are ours again. Throws ClusterRefusedError with the causes.
   */
  apply<T extends KubernetesObject>(object: T): Promise<T>;
  get<T extends KubernetesObject>(kind: Kind, name: ObjectName): Promise<T | undefined>;
  /** The objects that carry all the labels, in one namespace or, without one, in all. */
  list<T extends KubernetesObject>(kind: Kind, selector: Selector): Promise<T[]>;
  /** Deletes an object and what it owns; it is no error when there is none. */
  delete(kind: Kind, name: ObjectName): Promise<void>;
  /** What happened to an object, oldest first. */
  events(object: KubernetesObject): Promise<KubernetesEvent[]>;
  /** The last lines that a container wrote; the one before its last restart with `previous`. Empty when there are none. */
  logTail(
    pod: ObjectName,
    container: string,
    options: { readonly previous: boolean; readonly lineCount: number; readonly since?: Date },
  ): Promise<string>;
}

export interface Selector {
  readonly namespace?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

/** Something that the holder of a kubeconfig may want to do. */
export interface ClusterRight {
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  /** With its subresource, such as `pods/log`. */
  readonly resource: string;
  /** Absent for the whole cluster. */
  readonly namespace?: string;
}
