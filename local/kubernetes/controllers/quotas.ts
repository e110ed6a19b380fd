import type { ObjectStore, Unstored } from '../api/object-store.ts';
import type { StoredObject } from '../api/stored-object.ts';
import { quantity } from '../schema/quantity.ts';

interface PodSpec {
  readonly containers: readonly {
    readonly resources?: Readonly<Record<string, Readonly<Record<string, string | number>>>>;
  }[];
}

/** Why a namespace's quotas don't take another pod, in the API's words; undefined when they do. */
export const quotaRefusal = (store: ObjectStore, pod: Unstored): string | undefined => {
  const { namespace, name } = pod.metadata;
  const pods = store.list('Pod', namespace!);
  for (const quota of store.list('ResourceQuota', namespace!)) {
    const { hard = {} } = quota.spec as { hard?: Record<string, string | number> };
    for (const [resource, limit] of Object.entries(hard)) {
      const requested = usage(pod, resource);
      const used = pods.reduce((sum, each) => sum + usage(each, resource), 0);
      if (used + requested <= quantity(limit)) continue;
      return (
        `pods "${name}" is forbidden: exceeded quota: ${quota.metadata.name}, requested: ${resource}=${requested}, ` +
        `used: ${resource}=${used}, limited: ${resource}=${limit}`
      );
    }
  }
  return undefined;
};

/** `pods`, `requests.cpu`, `limits.memory` and the like; what isn't counted here takes nothing. */
const usage = (pod: Unstored | StoredObject, resource: string): number => {
  if (resource === 'pods' || resource === 'count/pods') return 1;
  const [kind = '', name = ''] = resource.split('.');
  return (pod.spec as PodSpec).containers.reduce(
    (sum, { resources }) => sum + quantity(resources?.[kind]?.[name] ?? 0),
    0,
  );
};
